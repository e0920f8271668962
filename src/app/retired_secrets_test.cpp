#include "app/retired_secrets.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using Secrets = std::vector<base::Secret>;

constexpr base::TimePoint kNow{1000h};
constexpr auto kNone = [](base::Secret const&) { return false; };

Secrets secrets(std::initializer_list<std::string_view> values) {
  return Secrets(values.begin(), values.end());
}

TEST(RetiredSecrets, AreMaskedUntilTheirTimeIsOverAndGoneThen_R011) {
  RetiredSecrets retired;
  retired.replaced(secrets({"one", "stays"}), secrets({"two", "stays"}), kNow + 60s);
  EXPECT_EQ(retired.together_with(secrets({"two", "stays"})), secrets({"two", "stays", "one"}));
  EXPECT_FALSE(retired.expire(kNow + 60s - 1ns, kNone));
  EXPECT_TRUE(retired.expire(kNow + 60s, kNone));
  EXPECT_EQ(retired.together_with(secrets({"two", "stays"})), secrets({"two", "stays"}));
  EXPECT_FALSE(retired.expire(kNow + 61s, kNone)) << "nothing is left to change";
}

TEST(RetiredSecrets, OfAnEarlierReloadAreNotForgottenByTheNextOne) {
  RetiredSecrets retired;
  retired.replaced(secrets({"one"}), secrets({"two"}), kNow + 60s);
  retired.replaced(secrets({"two"}), secrets({"three"}), kNow + 70s);
  EXPECT_EQ(retired.together_with({}), secrets({"one", "two"}));
  EXPECT_TRUE(retired.expire(kNow + 60s, kNone));
  EXPECT_EQ(retired.together_with({}), secrets({"two"}));
}

TEST(RetiredSecrets, InReserveStayMaskedHoweverLongThatIs) {
  RetiredSecrets retired;
  retired.replaced(secrets({"one"}), secrets({"two"}), kNow + 60s);
  EXPECT_FALSE(retired.expire(kNow + 1h, [](base::Secret const& it) { return it.reveal() == "one"; }));
  EXPECT_EQ(retired.size(), 1U);
  EXPECT_TRUE(retired.expire(kNow + 1h, kNone));
}

TEST(RetiredSecrets, ThatHoldAgainAreNotRetired) {
  RetiredSecrets retired;
  retired.replaced(secrets({"one"}), secrets({"two"}), kNow + 60s);
  retired.replaced(secrets({"two"}), secrets({"one"}), kNow + 60s);
  EXPECT_EQ(retired.together_with({}), secrets({"two"}));
  retired.replaced(secrets({"one"}), secrets({"two"}), kNow + 90s);
  retired.replaced(secrets({"one"}), secrets({"two"}), kNow + 120s);
  EXPECT_FALSE(retired.expire(kNow + 90s, kNone)) << "counted from the last time that it went";
  EXPECT_EQ(retired.size(), 1U);
}

}  // namespace
}  // namespace weir::app
