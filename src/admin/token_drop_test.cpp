#include "admin/token_drop.hpp"

#include <gtest/gtest.h>

#include "admin/change_body.hpp"

namespace weir::admin {
namespace {

TEST(TokenDrop, ComesBackAsItWasWritten) {
  auto const read = parse_token_drop(token_drop_body({"a\"nn", "https://i.test"}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->subject, "a\"nn");
  EXPECT_EQ(read->issuer, "https://i.test");
  EXPECT_EQ(token_drop_body({"ann", ""}), R"({"subject":"ann"})");
  EXPECT_EQ(token_drop_answer(2), "{\"version\":1,\"dropped\":2}\n");
}

TEST(TokenDrop, WhatIsMisspeltDropsNothing) {
  for (auto const* bad : {"", "{", "[]", "null", "{}", R"({"issuer":"i"})", R"({"subject":""})",
                          R"({"subject":7})", R"({"subject":"a","isuer":"i"})", R"({"subject":"a"} x)"})
    EXPECT_FALSE(parse_token_drop(bad)) << bad;
  std::string const filler(kChangeBytesMax - 14, 'a');
  EXPECT_TRUE(parse_token_drop(R"({"subject":")" + filler + R"("})")) << "as large as may be";
  EXPECT_FALSE(parse_token_drop(R"({"subject":"a)" + filler + R"("})"));
}

}  // namespace
}  // namespace weir::admin
