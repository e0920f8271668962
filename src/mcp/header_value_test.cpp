#include "mcp/header_value.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::mcp {
namespace {

std::string encoded(std::string_view text) {
  std::string out;
  append_header_value(out, text);
  return out;
}

std::string decoded(std::string_view value) {
  std::string scratch;
  auto const text = decode_header_value(value, scratch);
  EXPECT_TRUE(text.has_value()) << value;
  return text ? std::string(*text) : "";
}

base::Fault refused(std::string_view value, std::size_t bytes_max = kHeaderValueBytesMax) {
  std::string scratch;
  auto const text = decode_header_value(value, scratch, bytes_max);
  EXPECT_FALSE(text.has_value()) << value;
  return text ? base::Fault::internal : text.error().fault;
}

// P031
TEST(HeaderValue, SendsSafeTextAsItIs) {
  for (std::string_view const text : {"", "search", "a b", "~!@#$%^&*()", "file:///a/b?c=d", "=?base64?",
                                      "?=", "=?BASE64?YQ==?=", "base64", "42"}) {
    EXPECT_EQ(encoded(text), text);
  }
}

// P031
TEST(HeaderValue, WrapsWhatAHeaderCannotCarry) {
  EXPECT_EQ(encoded("é"), "=?base64?w6k=?=");
  EXPECT_EQ(encoded(" a"), "=?base64?IGE=?=");
  EXPECT_EQ(encoded("a "), "=?base64?YSA=?=");
  EXPECT_EQ(encoded("\t"), "=?base64?CQ==?=");
  EXPECT_EQ(encoded("a\tb"), "=?base64?YQli?=");
  EXPECT_EQ(encoded("a\r\nX: y"), "=?base64?YQ0KWDogeQ==?=");
  EXPECT_EQ(encoded(std::string_view("\0", 1)), "=?base64?AA==?=");
  EXPECT_EQ(encoded("\x7f"), "=?base64?fw==?=");
  EXPECT_EQ(encoded("=?base64?YQ==?="), "=?base64?PT9iYXNlNjQ/WVE9PT89?=");
  EXPECT_EQ(encoded("=?base64?="), "=?base64?PT9iYXNlNjQ/PQ==?=");
}

// P030
TEST(HeaderValue, DecodesOnlyExactMarkersAtBothEnds) {
  EXPECT_EQ(decoded("=?base64?w6k=?="), "é");
  EXPECT_EQ(decoded("=?base64?"
                    "?="),
            "");
  EXPECT_EQ(decoded("=?base64?AA==?="), std::string(1, '\0'));
  for (std::string_view const literal :
       {"=?Base64?YQ==?=", "=?BASE64?YQ==?=", "=?base64?YQ==", "base64?YQ==?=", "YQ==", "=?base64?=",
        "x=?base64?YQ==?=", "=?base64?YQ==?=x", "=?utf-8?YQ==?=", ""}) {
    EXPECT_EQ(decoded(literal), literal);
  }
}

// P030
TEST(HeaderValue, RefusesMalformedBase64BetweenItsMarkers) {
  for (std::string_view const value :
       {"=?base64?YQ?=", "=?base64?YQ=?=", "=?base64?Y?=", "=?base64?====?=", "=?base64?Y===?=",
        "=?base64?A===?=", "=?base64?=YQ=?=", "=?base64?YQ==YQ==?=", "=?base64?Y-_=?=", "=?base64?Y Q=?=",
        "=?base64?YR==?=", "=?base64?YWF=?=", "=?base64?YQ==\n?=", "=?base64?\xC3\xA9==?=", "=?base64?/w==?=",
        "=?base64?7aCA?="}) {
    EXPECT_EQ(refused(value), base::Fault::invalid_input) << value;
  }
}

TEST(HeaderValue, ReadsBackEveryText) {
  std::string text;
  for (int length = 0; length < 70; ++length) {
    EXPECT_EQ(decoded(encoded(text)), text);
    EXPECT_EQ(decoded("  " + encoded(text) + "\t"), text);
    text += length % 3 == 0 ? "é" : length % 3 == 1 ? "\n" : "x";
  }
  for (int c = 0; c < 128; ++c) {
    std::string const one(1, static_cast<char>(c));
    auto const value = encoded(one);
    EXPECT_EQ(decoded(value), one);
    for (char const b : value) EXPECT_TRUE(b >= 0x20 && b <= 0x7E) << c;
  }
}

// P029
TEST(HeaderValue, IgnoresWhiteSpaceAroundIt) {
  EXPECT_EQ(trim_white_space(" \t a b \t "), "a b");
  EXPECT_EQ(trim_white_space(" \t "), "");
  EXPECT_EQ(trim_white_space(""), "");
  EXPECT_EQ(trim_white_space("\va"), "\va");
  EXPECT_EQ(decoded(" \tsearch \t"), "search");
  EXPECT_EQ(decoded(" =?base64?IGE=?= "), " a");
}

TEST(HeaderValue, IsMeasuredBeforeItIsDecoded) {
  std::string const longest(kHeaderValueBytesMax, 'x');
  EXPECT_EQ(decoded(longest), longest);
  EXPECT_EQ(refused(longest + "x"), base::Fault::too_large);
  EXPECT_EQ(refused("=?base64?!!!!?=", 14), base::Fault::too_large);
  EXPECT_EQ(refused("=?base64?!!!!?=", 15), base::Fault::invalid_input);
}

// P034
TEST(CanonicalInteger, IsOneTextForEveryWayOfWritingIt) {
  for (std::string_view const text :
       {"42", "42.0", "42.000", "4.2e1", "4.2E+1", "420e-1", "0.42e2", "42e0", "4200.0e-2"}) {
    EXPECT_EQ(canonical_integer(text), "42") << text;
  }
  for (std::string_view const text : {"0", "-0", "0.0", "-0.00e5", "0e999999999999"}) {
    EXPECT_EQ(canonical_integer(text), "0") << text;
  }
  EXPECT_EQ(canonical_integer("-7.0"), "-7");
  EXPECT_EQ(canonical_integer("1e15"), "1000000000000000");
  EXPECT_EQ(canonical_integer("9007199254740991"), "9007199254740991");
  EXPECT_EQ(canonical_integer("-9007199254740991.0"), "-9007199254740991");
}

TEST(CanonicalInteger, IsEmptyForWhatIsNoIntegerInRange) {
  for (std::string_view const text : {"",
                                      "x",
                                      "4.5",
                                      "42x",
                                      " 42",
                                      "042",
                                      "+42",
                                      "0x2a",
                                      "42.",
                                      ".5",
                                      "1e",
                                      "-",
                                      "1e-1",
                                      "9007199254740992",
                                      "-9007199254740992",
                                      "1e16",
                                      "1e400",
                                      "1e999999999999999999999",
                                      "1e-999999999999999999999",
                                      "99999999999999999",
                                      "true",
                                      "NaN"}) {
    EXPECT_EQ(canonical_integer(text), "") << text;
  }
}

}  // namespace
}  // namespace weir::mcp
