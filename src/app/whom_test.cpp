#include "app/whom.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

config::Settings settings_with(std::string const& jwt, std::string const& asked = "",
                               std::string tenants = "") {
  config::Settings settings;
  settings.keys.push_back({"ci", {}, {}, {}});
  if (!jwt.empty()) {
    settings.jwt.emplace().issuer = jwt;
    settings.jwt->claims.tenant = std::move(tenants);
  }
  if (!asked.empty()) settings.introspection.emplace().issuer = asked;
  return settings;
}

std::string told(Whom const& whom, config::Settings const& settings) {
  auto const id = id_of(whom, settings);
  return id ? *id : id.error().detail + "; " + id.error().hint;
}

TEST(Whom, AreTheIdsThatCallersHave) {
  auto const settings = settings_with("https://i.test");
  EXPECT_EQ(told({"key:ci", "", ""}, settings), "key:ci");
  EXPECT_EQ(told({"sub:ann|x", "", ""}, settings), "sub:https://i.test|ann|x");
  EXPECT_EQ(told({"sub:ann", "https://i.test", ""}, settings), "sub:https://i.test|ann");
  EXPECT_EQ(told({"cert:CN=ann", "", ""}, settings), "cert:CN=ann");
  EXPECT_EQ(told({"sub:ann", "", "t:1"}, settings_with("https://i.test", "", "org")),
            "sub@t%3A1:https://i.test|ann");
}

TEST(Whom, WhoCannotBeMeantIsSaidWithTheCure) {
  auto const settings = settings_with("https://i.test");
  EXPECT_EQ(told({"key:c", "", ""}, settings), "there is no key `c`; keys: ci");
  EXPECT_EQ(told({"group:eng", "", ""}, settings),
            "`group:eng` is not one caller; write key:NAME, sub:SUBJECT or cert:SUBJECT");
  EXPECT_EQ(told({"sub:", "", ""}, settings).substr(0, 6), "`sub:`");
  EXPECT_EQ(told({"key:ci", "https://i.test", ""}, settings).substr(0, 11), "only a `sub");
  EXPECT_EQ(told({"sub:ann", "https://j.test", ""}, settings),
            "no caller has a token of `https://j.test`; issuers of callers: https://i.test");
  EXPECT_EQ(told({"sub:ann", "", "t"}, settings).substr(0, 29), "callers have no tenant here; ");
  EXPECT_EQ(told({"sub:ann", "", ""}, settings_with("https://i.test", "", "org")),
            "callers have a tenant here; say which one, --tenant");
  EXPECT_EQ(told({"sub:ann", "", ""}, settings_with("")).substr(0, 31), "no caller shows a token here, s");
}

TEST(Whom, OfSeveralIssuersOneHasToBeNamed) {
  auto const settings = settings_with("https://i.test", "https://j.test");
  EXPECT_EQ(told({"sub:ann", "", ""}, settings),
            "callers are named by several issuers; say which one, --issuer: https://i.test, https://j.test");
  EXPECT_EQ(told({"sub:ann", "https://j.test", ""}, settings), "sub:https://j.test|ann");
  EXPECT_EQ(told({"sub:ann", "", ""}, settings_with("https://i.test", "https://i.test")),
            "sub:https://i.test|ann");
}

TEST(Whom, AreNamedInACommandAsAShellTakesThem) {
  EXPECT_EQ(Whom().words(), "");
  EXPECT_EQ((Whom{"sub:a b", "https://i.test", "t"}.words()),
            " --for 'sub:a b' --issuer https://i.test --tenant t");
}

}  // namespace
}  // namespace weir::app
