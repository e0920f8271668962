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
  EXPECT_EQ(scalar_text(*json.at({"s"}))->reveal(), "a");
  EXPECT_EQ(scalar_text(*json.at({"i"}))->reveal(), "7");
  EXPECT_EQ(scalar_text(*json.at({"b"}))->reveal(), "false");
  for (auto const* const name : {"n", "o", "l"}) EXPECT_FALSE(scalar_text(*json.at({name}))) << name;
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
