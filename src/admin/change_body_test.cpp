#include "admin/change_body.hpp"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

struct Change {
  std::string who, what;
  bool all = false;
};

base::Result<Change> read(std::string_view body) {
  Change change;
  auto const done =
      read_body(body, {{"who", &change.who}, {"what", &change.what}, {"all", nullptr, &change.all}});
  if (!done) return done.error();
  return change;
}

std::string why(std::string_view body) {
  auto const change = read(body);
  return change ? "" : change.error().detail;
}

TEST(ChangeBody, ComesBackAsItWasWritten) {
  Change change{"a\"b", "", true};
  auto const text = write_body({{"who", &change.who}, {"what", &change.what}, {"all", nullptr, &change.all}});
  EXPECT_EQ(text, R"({"who":"a\"b","all":true})");
  auto const again = read(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->who, change.who);
  EXPECT_EQ(again->what, "");
  EXPECT_TRUE(again->all);
}

TEST(ChangeBody, SaysWhatIsWrong) {
  EXPECT_EQ(why("[]"), "The body is no JSON object.");
  EXPECT_EQ(why(R"({"who":"a"} x)"), "The body is no JSON object.");
  EXPECT_EQ(why(R"({"woh":"a"})"), "Members are who, what and all.");
  EXPECT_EQ(why(R"({"who":""})"), "`who` is a text that is not empty.");
  EXPECT_EQ(why(R"({"who":1})"), "`who` is a text that is not empty.");
  EXPECT_EQ(why(R"({"all":"yes"})"), "`all` is true or false.");
  EXPECT_EQ(why(R"({"who":"a","all":true,"who":"b"})"), "`who` is there twice.");
  EXPECT_EQ(why("{}"), "") << "what has to be there is for others to say";
}

TEST(ChangeBody, ItsSizeIsBounded) {
  std::string body = R"({"who":"a"})";
  body += std::string(kChangeBytesMax - body.size(), ' ');
  EXPECT_EQ(why(body), "");
  EXPECT_EQ(why(body + " "), "The body is too large.");
}

}  // namespace
}  // namespace weir::admin
