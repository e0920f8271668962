#include "core/access_rules.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

using Verdict = Access::Verdict;

Principal certificate(std::string const& subject) {
  Principal who;
  who.id = "cert:" + subject;
  who.kind = "cert";
  return who;
}
Principal key(std::string const& name, std::vector<std::string> groups = {}) {
  return {.id = "key:" + name, .kind = "key", .groups = std::move(groups), .credential = "c"};
}

Principal person(std::string const& subject, std::vector<std::string> scopes = {}) {
  Principal made{.id = "sub:https://as|" + subject, .kind = "jwt", .groups = {}, .credential = "c"};
  made.subject = subject;
  made.scopes = std::move(scopes);
  return made;
}

Verdict tool(AccessRules const& rules, Principal const& who, std::string_view server, std::string_view name) {
  return rules.to_tool(who, server, name).verdict;
}

TEST(AccessRules, WithoutAnyRuleEverythingIsAllowed) {
  AccessRules const none;
  EXPECT_TRUE(none.open());
  EXPECT_EQ(tool(none, key("a"), "s", "t"), Verdict::allowed);
  EXPECT_EQ(none.to_server(key("a"), "s").verdict, Verdict::allowed);
}

TEST(AccessRules, WithOneRuleWhatItDoesNotNameIsDenied) {
  AccessRules const rules({{.who = "*", .allow = {"docs.*"}, .deny = {}, .scopes = {}}});
  EXPECT_EQ(tool(rules, key("a"), "docs", "search"), Verdict::allowed);
  EXPECT_EQ(tool(rules, key("a"), "docsx", "search"), Verdict::denied);
  EXPECT_EQ(tool(rules, key("a"), "github", "search"), Verdict::denied);
}

TEST(AccessRules, TheFirstRuleThatSpeaksOfTheToolDecides) {
  AccessRules const rules({
      {.who = "group:bots", .allow = {"github.get_*", "github.search_*"}, .deny = {}, .scopes = {}},
      {.who = "group:eng", .allow = {"*"}, .deny = {"postgres.execute"}, .scopes = {}},
      {.who = "*", .allow = {"docs.*", "postgres.execute"}, .deny = {}, .scopes = {}},
  });
  auto const bot = key("b", {"bots"});
  EXPECT_EQ(tool(rules, bot, "github", "get_file"), Verdict::allowed);
  EXPECT_EQ(tool(rules, bot, "github", "delete_file"), Verdict::denied);
  EXPECT_EQ(tool(rules, bot, "docs", "search"), Verdict::allowed) << "a later rule speaks of it";
  auto const engineer = key("e", {"x", "eng"});
  EXPECT_EQ(tool(rules, engineer, "github", "delete_file"), Verdict::allowed);
  EXPECT_EQ(tool(rules, engineer, "postgres", "execute"), Verdict::denied) << "denied first, allowed later";
  EXPECT_EQ(tool(rules, key("other"), "postgres", "execute"), Verdict::allowed);
}

TEST(AccessRules, DenyGoesBeforeAllowInOneRule) {
  AccessRules const rules({{.who = "*", .allow = {"s.t"}, .deny = {"s.t"}, .scopes = {}}});
  EXPECT_EQ(tool(rules, key("a"), "s", "t"), Verdict::denied);
}

TEST(AccessRules, EachFormOfWhoNamesItsOwn) {
  Principal const anonymous{.id = "anonymous", .kind = "anonymous", .groups = {}};
  Principal tenant = person("ann");
  tenant.tenant = "acme";
  std::vector<std::pair<std::string, Principal>> const cases{
      {"anonymous", anonymous}, {"key:ci", key("ci")},        {"cert:CN=ci", certificate("CN=ci")},
      {"sub:ci", person("ci")}, {"group:g", key("x", {"g"})}, {"tenant:acme", tenant}};
  for (auto const& [who, named] : cases) {
    AccessRules const rules({{.who = who, .allow = {"*"}, .deny = {}, .scopes = {}}});
    for (auto const& [other, principal] : cases) {
      EXPECT_EQ(tool(rules, principal, "s", "t") == Verdict::allowed, who == other) << who << " " << other;
    }
    EXPECT_TRUE(AccessRules::is_who(who));
  }
  for (char const* const text : {"", "ci", "group:", "sub:", "user:x", "**", "Group:x"}) {
    EXPECT_FALSE(AccessRules::is_who(text)) << text;
    AccessRules const rules({{.who = text, .allow = {"*"}, .deny = {}, .scopes = {}}});
    EXPECT_EQ(tool(rules, anonymous, "s", "t"), Verdict::denied) << text;
  }
}

// Somebody whom the issuer calls "key:ci", or who has no subject, is not the key of that name.
TEST(AccessRules, ANameAtTheIssuerIsNobodyElsesName) {
  AccessRules const rules({{.who = "key:ci", .allow = {"*"}, .deny = {}, .scopes = {}}});
  Principal forged = person("key:ci");
  forged.id = "key:ci";
  EXPECT_EQ(tool(rules, forged, "s", "t"), Verdict::denied);
  AccessRules const empty({{.who = "sub:", .allow = {"*"}, .deny = {}, .scopes = {}},
                           {.who = "tenant:", .allow = {"*"}, .deny = {}, .scopes = {}}});
  EXPECT_EQ(tool(empty, key("a"), "s", "t"), Verdict::denied);
}

TEST(AccessRules, MissingScopesAreSaidOnlyToWhoCanGetThem) {
  AccessRules const rules(
      {{.who = "*", .allow = {"s.write"}, .deny = {}, .scopes = {"mcp:read", "mcp:write"}}});
  auto const lacking = rules.to_tool(person("ann", {"mcp:read"}), "s", "write");
  EXPECT_EQ(lacking.verdict, Verdict::lacks_scopes);
  EXPECT_TRUE(lacking.visible());
  ASSERT_NE(lacking.scopes, nullptr);
  EXPECT_EQ(*lacking.scopes, (std::vector<std::string>{"mcp:read", "mcp:write"}));
  EXPECT_EQ(tool(rules, person("ann", {"mcp:write", "mcp:read", "x"}), "s", "write"), Verdict::allowed);
  EXPECT_EQ(tool(rules, key("ci"), "s", "write"), Verdict::denied) << "a key has no scopes to get";
}

TEST(AccessRules, AServerIsUsableByWhomSomeToolOfItIsAllowed) {
  auto server = [](std::string const& allow, std::string const& deny, std::string_view name) {
    AccessRules const rules({{.who = "*", .allow = {allow}, .deny = {deny}, .scopes = {}}});
    return rules.to_server(key("a"), name).verdict == Verdict::allowed;
  };
  EXPECT_TRUE(server("github.get_*", "none", "github"));
  EXPECT_TRUE(server("git*", "none", "github"));
  EXPECT_TRUE(server("*", "none", "github"));
  EXPECT_TRUE(server("*.search", "none", "github"));
  EXPECT_FALSE(server("github", "none", "github")) << "no tool is named so";
  EXPECT_FALSE(server("github.get_*", "none", "git"));
  EXPECT_FALSE(server("docs.*", "none", "github"));
  EXPECT_FALSE(server("*", "github.*", "github"));
  EXPECT_TRUE(server("*", "github.delete_*", "github"));
  EXPECT_FALSE(server("*", "*", "github"));
}

// What the first rule keeps for more scopes must not take the rest from who may use it.
TEST(AccessRules, ARuleForSomeToolsLeavesTheServerToTheNextOne) {
  AccessRules const rules({{.who = "*", .allow = {"git.delete_*"}, .deny = {}, .scopes = {"admin"}},
                           {.who = "*", .allow = {"git.*"}, .deny = {}, .scopes = {}}});
  EXPECT_EQ(rules.to_server(person("ann"), "git").verdict, Verdict::allowed);
  EXPECT_EQ(rules.to_server(key("ci"), "git").verdict, Verdict::allowed);
  EXPECT_EQ(tool(rules, person("ann"), "git", "delete_all"), Verdict::lacks_scopes);
}

TEST(AccessRules, WhatAnEarlierRuleDecidesNoLaterOneGivesBack) {
  auto const server = [](std::vector<AccessRule> list, Principal const& who) {
    return AccessRules(std::move(list)).to_server(who, "git").verdict;
  };
  AccessRule const all_for_admins{.who = "*", .allow = {"git.*"}, .deny = {}, .scopes = {"admin"}};
  AccessRule const none{.who = "*", .allow = {}, .deny = {"git.*"}, .scopes = {}};
  AccessRule const one{.who = "*", .allow = {"git.delete_all"}, .deny = {}, .scopes = {}};
  AccessRule const deletes{.who = "*", .allow = {"git.delete_*"}, .deny = {}, .scopes = {"admin"}};
  AccessRule const no_deletes{.who = "*", .allow = {}, .deny = {"git.delete_*"}, .scopes = {}};
  EXPECT_EQ(server({all_for_admins, one}, person("ann")), Verdict::lacks_scopes);
  EXPECT_EQ(server({all_for_admins, one}, key("ci")), Verdict::denied);
  EXPECT_EQ(server({deletes, one}, person("ann")), Verdict::lacks_scopes) << "the one is one of them";
  EXPECT_EQ(server({no_deletes, one}, person("ann")), Verdict::denied);
  EXPECT_EQ(server({deletes, none}, person("ann")), Verdict::lacks_scopes);
  EXPECT_EQ(server({none, all_for_admins}, person("ann", {"admin"})), Verdict::denied);
  AccessRule const odd{.who = "*", .allow = {"git.?"}, .deny = {}, .scopes = {"admin"}};
  AccessRule const all{.who = "*", .allow = {"git.*"}, .deny = {}, .scopes = {}};
  EXPECT_EQ(server({odd, all}, person("ann")), Verdict::allowed) << "`?` is one byte, not all of them";
}

}  // namespace
}  // namespace weir::core
