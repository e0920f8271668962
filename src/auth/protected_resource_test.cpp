#include "auth/protected_resource.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

ProtectedResource made(std::vector<std::string> scopes = {}) {
  return {"https://mcp.example/mcp", {"https://as.example/"}, std::move(scopes)};
}

TEST(ProtectedResource, MetadataStandsWhereClientsLook) {  // RFC 9728 section 3.1
  auto const resource = made();
  std::string const root = "/.well-known/oauth-protected-resource";
  EXPECT_EQ(resource.endpoint_of(root), "");
  EXPECT_EQ(resource.endpoint_of(root + "/mcp"), "");
  EXPECT_EQ(resource.endpoint_of(root + "/mcp/github"), "github");
  for (char const* const path : {"/", "/x", "/mcp/", "/mcp/a/b", "/mcpx", "/mcp/github/"}) {
    EXPECT_EQ(resource.endpoint_of(root + path), std::nullopt) << path;
  }
  EXPECT_EQ(resource.endpoint_of("/.well-known/openid-configuration"), std::nullopt);
  EXPECT_EQ(resource.endpoint_of("/mcp"), std::nullopt);
  ProtectedResource const behind("https://h/team/mcp", {"i"}, {});
  EXPECT_EQ(behind.endpoint_of(root + "/team/mcp/x"), "x");
  EXPECT_EQ(behind.endpoint_of(root + "/mcp/x"), "x") << "a proxy took the path away";
}

// Whoever follows the challenge finds the metadata of the endpoint that sent it.
TEST(ProtectedResource, AChallengeLeadsToTheMetadataOfItsEndpoint) {
  for (std::string const path : {"/mcp", "/mcp/weir", "/weir/mcp", "/team", ""}) {
    ProtectedResource const resource("https://h" + path, {"i"}, {});
    for (char const* const endpoint : {"", "docs", "weir", "mcp"}) {
      auto const line = resource.unauthenticated(endpoint, false);
      std::string const before = "resource_metadata=\"https://h";
      auto const begin = line.find(before);
      ASSERT_NE(begin, std::string::npos) << line;
      auto const url = line.substr(begin + before.size(), line.rfind('"') - begin - before.size());
      EXPECT_EQ(resource.endpoint_of(url), endpoint) << path << ": " << line;
    }
  }
}

TEST(ProtectedResource, ThePathOfTheResourceGoesBeforeMcp) {
  std::string const root = "/.well-known/oauth-protected-resource";
  ProtectedResource const below("http://h/mcp/weir", {"i"}, {});
  EXPECT_EQ(below.endpoint_of(root + "/mcp/weir"), "") << "no server of that name";
  EXPECT_EQ(below.endpoint_of(root + "/mcp/weir/docs"), "docs");
  EXPECT_EQ(below.endpoint_of(root + "/mcp/docs"), "docs");
  EXPECT_EQ(below.endpoint_of(root + "/mcp"), "");
  ProtectedResource const bare("http://h", {"i"}, {});
  EXPECT_EQ(bare.endpoint_of(root + "/docs"), "docs");
  EXPECT_EQ(bare.endpoint_of(root + "/mcp/docs"), "docs");
  EXPECT_EQ(bare.endpoint_of(root + "/mcp"), "") << "where clients look that were told nothing";
  EXPECT_EQ(bare.endpoint_of(root), "");
  for (char const* const path : {"/", "/docs/", "/docs/x", "docs"}) {
    EXPECT_EQ(bare.endpoint_of(root + path), std::nullopt) << path;
  }
  EXPECT_EQ(bare.unauthenticated("docs", false),
            "WWW-Authenticate: Bearer "
            "resource_metadata=\"http://h/.well-known/oauth-protected-resource/docs\"\r\n");
}

TEST(ProtectedResource, EachEndpointIsItsOwnResource) {
  EXPECT_EQ(made().metadata(""),
            R"({"resource":"https://mcp.example/mcp","authorization_servers":["https://as.example/"],)"
            R"("bearer_methods_supported":["header"],"resource_name":"Weir"})");
  EXPECT_EQ(made({"mcp"}).metadata("github"),
            R"({"resource":"https://mcp.example/mcp/github","authorization_servers":["https://as.example/"],)"
            R"("scopes_supported":["mcp"],"bearer_methods_supported":["header"],"resource_name":"Weir"})");
}

TEST(ProtectedResource, AChallengeSaysWhereToGetAToken_P099) {
  EXPECT_EQ(made().unauthenticated("", false),
            "WWW-Authenticate: Bearer "
            "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"\r\n");
  EXPECT_EQ(made({"a", "b"}).unauthenticated("github", true),
            "WWW-Authenticate: Bearer error=\"invalid_token\", "
            "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp/github\", "
            "scope=\"a b\"\r\n");
  EXPECT_EQ(made().malformed("github"),
            "WWW-Authenticate: Bearer error=\"invalid_request\", "
            "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp/github\"\r\n");
}

TEST(ProtectedResource, AStepUpNamesAllScopesAtOnce) {
  EXPECT_EQ(made({"base"}).lacks_scopes("", {"write", "base"}),
            "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"base write\", "
            "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"\r\n");
}

TEST(ProtectedResource, WithoutTokensOnlyTheSchemeIsSaid) {
  ProtectedResource const none;
  EXPECT_FALSE(none.offered());
  EXPECT_EQ(none.unauthenticated("", false), "WWW-Authenticate: Bearer\r\n");
  EXPECT_EQ(none.unauthenticated("", true), "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
  EXPECT_EQ(none.endpoint_of("/.well-known/oauth-protected-resource"), std::nullopt);
}

TEST(ProtectedResource, AScopeCannotEndItsQuotes_T51) {
  auto const line = made({"ok", "a\"b", "c\\d", "e f", "g\r\nX: y", ""}).unauthenticated("", false);
  EXPECT_NE(line.find("scope=\"ok\"\r\n"), std::string::npos) << line;
  EXPECT_EQ(line.find("X: y"), std::string::npos);
}

}  // namespace
}  // namespace weir::auth
