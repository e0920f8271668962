#include "auth/token_caller.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir::auth {
namespace {

using Texts = std::vector<std::string>;

std::optional<core::Principal> who(std::string_view claims, config::ClaimNames const& names = {}) {
  return principal_of(*jose::JsonObject::parse(claims), names, "https://as", "jwt", "digest");
}

TEST(TokenCaller, IsIssuerAndSubjectWithTheRightsOfTheToken) {
  auto const ann = who(R"({"sub":"ann","groups":["eng","ops"],"scope":"read write"})");
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->id, "sub:https://as|ann");
  EXPECT_EQ(ann->kind, "jwt");
  EXPECT_EQ(ann->subject, "ann");
  EXPECT_EQ(ann->groups, (Texts{"eng", "ops"}));
  EXPECT_EQ(ann->scopes, (Texts{"read", "write"}));
  EXPECT_EQ(ann->credential, "digest");
  EXPECT_EQ(who(R"({"sub":"ann","scp":["a","b"]})")->scopes, (Texts{"a", "b"}));
  EXPECT_EQ(who(R"({"sub":"ann","groups":"one"})")->groups, Texts{"one"});
  EXPECT_EQ(who(R"({"sub":"ann","groups":[1]})")->groups, Texts{});
}

TEST(TokenCaller, WhoeverIsNotNamedIsNobody_F14) {
  for (char const* const claims :
       {R"({})", R"({"sub":""})", R"({"sub":null})", R"({"sub":1})", R"({"sub":["a","b"]})", R"({"sub":[]})",
        R"({"sub":"a\u0000b"})", R"({"sub":"a\nb"})", R"({"Sub":"a"})"}) {
    EXPECT_FALSE(who(claims)) << claims;
  }
  auto of_length = [](std::size_t bytes) { return who(R"({"sub":")" + std::string(bytes, 'a') + "\"}"); };
  EXPECT_TRUE(of_length(1024));
  EXPECT_FALSE(of_length(1025));
}

TEST(TokenCaller, ATenantThatIsAskedForMustBeThere_F14) {
  config::ClaimNames const names{"sub", "groups", "tid"};
  EXPECT_FALSE(who(R"({"sub":"ann"})", names));
  EXPECT_FALSE(who(R"({"sub":"ann","tid":""})", names));
  auto const ann = who(R"({"sub":"ann","tid":"acme"})", names);
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->id, "sub@acme:https://as|ann");
  EXPECT_EQ(ann->tenant, "acme");
}

TEST(TokenCaller, NoTwoCallersHaveOneName_F14) {
  config::ClaimNames const names{"sub", "groups", "tid"};
  std::set<std::string> ids;
  std::size_t made = 0;
  for (std::string const tenant : {"a", "b", "a:b", "a%3Ab", "a:https://as|x", "https"}) {
    for (std::string const subject : {"x", "a", "x|y", "https://as|x", ":x", "a:https://as|x"}) {
      ids.insert(who(R"({"sub":")" + subject + R"(","tid":")" + tenant + "\"}", names)->id);
      ids.insert(who(R"({"sub":")" + subject + "\"}")->id);
      ++made;
    }
  }
  EXPECT_EQ(ids.size(), made + 6);
}

TEST(TokenCaller, AnAudienceIsTheGatewayOrOneServersEndpoint) {
  std::string const audience = "https://h/mcp";
  EXPECT_TRUE(entrances_of({"x", audience}, audience).everywhere);
  auto const one = entrances_of({audience + "/github", "y"}, audience);
  EXPECT_FALSE(one.everywhere);
  EXPECT_EQ(one.endpoints, Texts{"github"});
  for (std::string const other :
       {"https://h/mcp/", "https://h/mc", "https://h/mcpx", "https://H/mcp", "http://h/mcp", "https://h",
        "https://h/mcp?x", "https://h/mcp#x", "https://evil/https://h/mcp", ""}) {
    auto const none = entrances_of({other}, audience);
    EXPECT_FALSE(none.everywhere) << other;
    EXPECT_TRUE(none.endpoints.empty()) << other;
  }
  EXPECT_TRUE(entrances_of({"weir"}, "weir").everywhere);
  EXPECT_TRUE(entrances_of({"weir/github"}, "weir").endpoints.empty())
      << "only URLs have endpoints below them";
  EXPECT_FALSE(entrances_of({""}, "").everywhere);
}

TEST(TokenCaller, ATokenForOneServerOpensNoOther) {
  TokenCaller caller;
  caller.endpoints = {"github"};
  EXPECT_TRUE(caller.may_enter("github"));
  EXPECT_FALSE(caller.may_enter(""));
  EXPECT_FALSE(caller.may_enter("docs"));
  caller.endpoints = {""};
  EXPECT_FALSE(caller.may_enter(""));
  caller.everywhere = true;
  EXPECT_TRUE(caller.may_enter(""));
  EXPECT_TRUE(caller.may_enter("docs"));
}

}  // namespace
}  // namespace weir::auth
