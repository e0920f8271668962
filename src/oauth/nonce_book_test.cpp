#include "oauth/nonce_book.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

TEST(NonceBook, TheLastNonceOfAnOriginCountsForAllItsAddresses) {
  NonceBook book;
  EXPECT_EQ(book.of("https://s.test/mcp"), "");
  EXPECT_TRUE(book.heard("https://s.test/mcp?a=b", "n-1"));
  EXPECT_EQ(book.of("https://s.test"), "n-1");
  EXPECT_EQ(book.of("https://s.test/other"), "n-1");
  EXPECT_TRUE(book.heard("https://s.test/other", "n-2"));
  EXPECT_EQ(book.of("https://s.test/mcp"), "n-2");
}

TEST(NonceBook, AnotherOriginHasNothingOfIt) {
  NonceBook book;
  ASSERT_TRUE(book.heard("https://s.test/mcp", "n-1"));
  for (auto const* const url : {"http://s.test/mcp", "https://s.test:8443/mcp", "https://other.test/mcp",
                                "https://s.test.evil/mcp"}) {
    EXPECT_EQ(book.of(url), "") << url;
  }
}

TEST(NonceBook, WhatIsNoNonceChangesNothing) {
  NonceBook book;
  ASSERT_TRUE(book.heard("https://s.test", std::string(NonceBook::kNonceMax, 'n')));
  for (auto const& text :
       {std::string(), std::string("a b"), std::string("a\"b"), std::string("a\\b"), std::string("a\r\nb"),
        std::string("\x7f"), std::string("\xc3\xa9"), std::string(NonceBook::kNonceMax + 1, 'n')}) {
    EXPECT_FALSE(book.heard("https://s.test", text)) << text;
  }
  EXPECT_EQ(book.of("https://s.test"), std::string(NonceBook::kNonceMax, 'n'));
}

TEST(NonceBook, TheOriginThatWasHeardLongestAgoMakesRoom) {
  NonceBook book;
  auto const url = [](std::size_t i) { return "https://s" + std::to_string(i) + ".test/"; };
  for (std::size_t i = 0; i < NonceBook::kOriginsMax; ++i) ASSERT_TRUE(book.heard(url(i), "n"));
  EXPECT_EQ(book.of(url(0)), "n");
  ASSERT_TRUE(book.heard(url(0), "again"));
  ASSERT_TRUE(book.heard(url(NonceBook::kOriginsMax), "n"));
  EXPECT_EQ(book.of(url(0)), "again");
  EXPECT_EQ(book.of(url(1)), "");
  EXPECT_EQ(book.of(url(2)), "n");
}

}  // namespace
}  // namespace weir::oauth
