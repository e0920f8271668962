#include "secrets/store_json.hpp"

#include <gtest/gtest.h>

namespace weir::secrets {
namespace {

TEST(StoreJson, FindsTextsNumbersAndTruths) {
  StoreJson const json(R"({"a":{"b":"x","n":3.5,"t":true},"l":[1]})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json.text({"a", "b"}), "x");
  EXPECT_EQ(json.number({"a", "n"}), 3.5);
  EXPECT_TRUE(json.truth({"a", "t"}));
  EXPECT_EQ(json.text({"a", "n"}), "");
  EXPECT_EQ(json.text({"l", "b"}), "");
  EXPECT_EQ(json.at({"a", "none"}), nullptr);
}

TEST(StoreJson, TakesNothingFromWhatIsNotJsonTooDeepOrTooLong) {
  for (std::string const text : {"", "{", "{\"a\":1}x", "nul"}) EXPECT_FALSE(StoreJson(text).ok()) << text;
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(StoreJson(nested(16)).ok());
  EXPECT_FALSE(StoreJson(nested(17)).ok());
  auto const text = "\"" + std::string(kStoreAnswerBytesMax - 2, 'x') + "\"";
  EXPECT_TRUE(StoreJson(text).ok());
  EXPECT_FALSE(StoreJson(text + " ").ok());
}

TEST(StoreJson, WhatEndsAfterAKeyGivesItsMemoryBack) {
  for (std::string const text : {R"({"a-key-of-some-length")", R"({"k":1,"a-key-of-some-length":)"}) {
    EXPECT_FALSE(StoreJson(text).ok()) << text;
  }
}

TEST(StoreJson, GivesScalarsAsText) {
  StoreJson const json(R"({"s":"a","i":7,"b":false,"n":null,"o":{},"l":[]})");
  EXPECT_EQ(json.scalar(*json.at({"s"}))->reveal(), "a");
  EXPECT_EQ(json.scalar(*json.at({"i"}))->reveal(), "7");
  EXPECT_EQ(json.scalar(*json.at({"b"}))->reveal(), "false");
  for (auto const* const name : {"n", "o", "l"}) EXPECT_FALSE(json.scalar(*json.at({name}))) << name;
}

TEST(StoreJson, NumbersKeepTheirText_R053) {
  for (std::string const text :
       {"0", "-0", "7", "-12", "1.5", "0.1", "-0.10", "1e5", "1E+05", "2.50e-3", "9223372036854775807",
        "18446744073709551615", "12345678901234567890123", "0.1234567890123456789012345"}) {
    StoreJson const json("{\"n\": " + text + " ,\"l\":[" + text + "]}");
    ASSERT_TRUE(json.ok()) << text;
    EXPECT_EQ(json.scalar(*json.at({"n"}))->reveal(), text);
    EXPECT_EQ(json.scalar(json.at({"l"})->get_array()[0])->reveal(), text);
    EXPECT_DOUBLE_EQ(*json.number({"n"}), std::stod(text)) << text;
  }
  StoreJson const bare("12.50");
  EXPECT_EQ(bare.scalar(*bare.at({}))->reveal(), "12.50");
}

TEST(StoreJson, ReadsTimes) {
  using namespace std::chrono;
  EXPECT_EQ(parse_time("2018-03-22T02:24:06.945319214Z"), base::WallTime(seconds{1'521'685'446}));
  EXPECT_EQ(parse_time("2018-03-22T04:24:06+02:00"), base::WallTime(seconds{1'521'685'446}));
  for (auto const* const text :
       {"", "2018-03-22", "2018-13-22T02:24:06Z", "2018-02-30T02:24:06Z", "2018-03-22T25:24:06Z",
        "2018-03-22T02:24:06", "2018-03-22T02:24:06+0200", "x"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(StoreJson, WhatAStoreSaysIsMadeFitForALog) {
  EXPECT_EQ(plain("a\nb\x1b[0m\x80"), "a b [0m ");
  EXPECT_EQ(plain(std::string(300, 'x')).size(), 256U);
}

}  // namespace
}  // namespace weir::secrets
