#include "app/refused_reload.hpp"

#include <gtest/gtest.h>

#include "config/reader.hpp"

namespace weir::app {
namespace {

using config::Mark;
using config::Problems;

TEST(RefusedReload, SaysPlaceAndMessageOfEachErrorAndNoLineOfTheFile) {
  auto const source = config::make_source("weir.yaml", "a: é\npassword: hunter2\n", 0);
  Problems problems;
  problems.error("WEIR-E012", Mark{source, 2, 1, 8}, "unknown key `password`");
  problems.error("WEIR-E031", {}, "one\x1b[1m line");
  problems.warning("WEIR-E061", Mark{source, 1, 1, 1}, "only a warning");
  problems.error("WEIR-E020", {}, "of one server").confined = true;
  EXPECT_EQ(refusal_of(problems.sorted()).find("hunter2"), std::string::npos);
  auto const why = refusal_of(problems.sorted());
  EXPECT_NE(why.find("weir.yaml:2:1: unknown key `password` (WEIR-E012)"), std::string::npos) << why;
  EXPECT_NE(why.find("one?[1m line (WEIR-E031)"), std::string::npos) << why;
  EXPECT_EQ(why.find("warning"), std::string::npos) << why;
  EXPECT_EQ(why.find("of one server"), std::string::npos) << why;
}

TEST(RefusedReload, ManyErrorsAreCounted) {
  Problems problems;
  for (int i = 0; i < 13; ++i) problems.error("WEIR-E012", {}, "wrong");
  auto const why = refusal_of(problems.sorted());
  EXPECT_TRUE(why.starts_with("it has errors: wrong (WEIR-E012); wrong")) << why;
  EXPECT_TRUE(why.ends_with("; and 3 more")) << why;
}

}  // namespace
}  // namespace weir::app
