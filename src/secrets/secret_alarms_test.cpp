#include <gtest/gtest.h>

#include "secrets/secret_table.hpp"

// What a SecretTable says of failures: of which secret, how often, and what it keeps back.
namespace weir::secrets {
namespace {

using namespace std::chrono_literals;

SecretReference of(std::string key) { return {Store::vault, "mcp/credentials", std::move(key)}; }

struct Alarms : testing::Test {
  base::VirtualClock clock;
  base::SeededRandom random{7};
  SecretTable table{{}, random};

  void want(std::initializer_list<char const*> keys) {
    for (auto const* const key : keys) EXPECT_TRUE(table.want(of(key), {}, clock.now()));
  }
  SecretTable::Asking ask() {
    table.hurry(clock.now());
    return std::move(table.take_due(clock.now(), 1).at(0));
  }
  void bring(std::initializer_list<std::pair<char const*, char const*>> values) {
    StoreAnswer answer;
    for (auto const& [key, value] : values) answer.values.emplace_back(key, base::Secret(value));
    ask().brought(answer, clock.now(), clock.wall());
  }
  void fail(std::string why) { ask().failed(std::move(why), clock.now()); }
  bool told() { return table.worth_telling(of(""), clock.now()); }
  std::string alarm_in_views(std::string_view key) {
    for (auto const& view : table.views()) {
      if (view.reference.key == key) return view.alarm;
    }
    return "-";
  }
};

TEST_F(Alarms, AKeyThatIsMissingIsNoFailureOfTheOthers_F29) {
  want({"TOKEN", "Z", "O"});
  bring({{"TOKEN", "t"}});
  EXPECT_EQ(table.alarm(of("TOKEN")), "");
  EXPECT_EQ(table.alarm(of("Z")), "it has no text under `Z`");
  EXPECT_EQ(table.alarm(of("O")), "it has no text under `O`");
  EXPECT_EQ(alarm_in_views("TOKEN"), "");
  EXPECT_EQ(alarm_in_views("Z"), "it has no text under `Z`");
  EXPECT_EQ(alarm_in_views("O"), "it has no text under `O`");
  EXPECT_EQ(table.document_alarm(of("TOKEN")), "it has no text under `Z`, `O`");
  fail("down");
  for (auto const* const key : {"TOKEN", "Z", "O"}) EXPECT_EQ(alarm_in_views(key), "down") << key;
  bring({{"TOKEN", "t"}, {"Z", "z"}, {"O", "o"}});
  for (auto const* const key : {"TOKEN", "Z", "O"}) EXPECT_EQ(alarm_in_views(key), "") << key;
  EXPECT_EQ(table.document_alarm(of("TOKEN")), "");
}

TEST_F(Alarms, OfManyThatAreMissingAFewAreNamed) {
  want({"a", "b", "c", "d", "e"});
  bring({});
  EXPECT_EQ(table.document_alarm(of("a")), "it has no text under `a`, `b`, `c` and 2 more");
}

TEST_F(Alarms, AnotherCauseIsWorthTellingButNotMoreOftenThanEveryTenSeconds_F29) {
  want({"k"});
  fail("reset");
  EXPECT_TRUE(told());
  fail("reset");
  EXPECT_FALSE(told());
  clock.advance(9s);
  fail("sealed");
  EXPECT_FALSE(told()) << "a store that says something else each time fills no log";
  clock.advance(1s);
  fail("sealed");
  EXPECT_TRUE(told());
  clock.advance(10s);
  fail("sealed");
  EXPECT_FALSE(told());
  fail("permission denied");
  EXPECT_TRUE(told());
  bring({{"k", "v"}});
  fail("permission denied");
  EXPECT_TRUE(told()) << "it was well in between";
}

TEST_F(Alarms, RepeatNoValueOfTheirDocument_F57) {
  want({"k", "l"});
  bring({{"k", "CANARYvalue1"}, {"l", "m\xC3\xBCller-CANARY"}});
  bring({{"k", "CANARYvalue2"}, {"l", "m\xC3\xBCller-CANARY"}});
  fail("said\nCANARYvalue1, CANARYvalue2, m\xC3\xBCller-CANARY and Q0FOQVJZdmFsdWUy");
  EXPECT_EQ(table.alarm(of("k")).find("CANARY"), std::string::npos) << table.alarm(of("k"));
  EXPECT_EQ(table.alarm(of("k")).find("FOQVJZdmFsdW"), std::string::npos) << table.alarm(of("k"));
  EXPECT_TRUE(table.alarm(of("k")).starts_with("said ***, ***, *** and ")) << table.alarm(of("k"));
}

TEST_F(Alarms, HalfAValueIsNotLeftWhereTheTextIsCut_F57) {
  want({"k"});
  bring({{"k", "CANARYvalue1"}});
  for (std::size_t before = 240; before < 256; ++before) {
    fail(std::string(before, 'x') + "CANARYvalue1");
    EXPECT_EQ(table.alarm(of("k")).find('C'), std::string::npos) << before;
  }
}

}  // namespace
}  // namespace weir::secrets
