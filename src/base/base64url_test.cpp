#include "base/base64url.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(Base64url, IsWrittenWithoutPadding) {  // RFC 4648 section 10, RFC 7515 appendix C
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foo"), "Zm9v");
  EXPECT_EQ(to_base64url("\x03\xEC\xFF\xE0\xC1"), "A-z_4ME");
}

TEST(Base64url, WhatIsWrittenIsRead) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64url, OneTextForEachValue) {
  for (char const* const text :
       {"Zg==", "Zh", "Zm9", "Z", "Zm9v ", " Zm9v", "Zm\n9v", "Zm+/", "Zm9vZ", "Zm8=", "Zm9vé"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

TEST(Base64url, SpareBitsMayBeAllowed) {
  EXPECT_EQ(from_base64url("Zh", SpareBits::any), "f");
  EXPECT_EQ(from_base64url("Zm9", SpareBits::any), "fo");
  for (char const* const text : {"Zg==", "Z", "Zm9v ", "Zm+/"})
    EXPECT_EQ(from_base64url(text, SpareBits::any), std::nullopt) << text;
}

TEST(Base64, IsPadded) {  // RFC 4648 section 10
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\x03\xEC\xFF\xE0\xC1"), "A+z/4ME=");
}

}  // namespace
}  // namespace weir::base
