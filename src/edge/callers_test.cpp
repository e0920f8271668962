// Who is let in at /mcp, and what the others are told.
#include "auth/scripted_issuer_test.hpp"
#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

std::string const kList =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{}}})";
std::string const kWhere = "resource_metadata=\"https://mcp.test/.well-known/oauth-protected-resource/mcp\"";

struct Callers : testing::Test {
  HttpDesk desk;
  auth::ScriptedIssuer issuer{&desk.loop};

  Callers() { open({"jwt"}, {}); }
  void open(std::vector<std::string> const& methods, std::vector<std::string> scopes) {
    issuer.settings.scopes = scopes;
    auto rules = std::make_shared<EndpointRules>(
        EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator(methods, {}, issuer.sources())});
    rules->resource = auth::ProtectedResource("https://mcp.test/mcp", {"https://as.test"}, std::move(scopes));
    desk.endpoint->set_rules(std::move(rules));
  }
  Exchange with(std::string const& token) {
    return desk.post(kList, "Authorization: Bearer " + token + "\r\n");
  }
  Exchange get(std::string const& path, std::string const& fields = {}, std::string const& method = "GET") {
    return desk.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  }
};

TEST_F(Callers, WithoutATokenTheyAreToldWhereToGetOne_P099) {
  auto refused = desk.post(kList);
  EXPECT_EQ(refused.status(), 401);
  EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer " + kWhere + "\r\n")) << refused.text();
  EXPECT_TRUE(refused.has("\"code\":4010"));
}

TEST_F(Callers, AWrongTokenIsToldApartFromNone_P099) {
  auto refused = with("nonsense");
  EXPECT_EQ(refused.status(), 401);
  EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer error=\"invalid_token\", " + kWhere)) << refused.text();
  auto twice = desk.post(kList, "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n");
  EXPECT_EQ(twice.status(), 400);
}

TEST_F(Callers, TheFirstTokenWaitsForTheKeysWithoutHoldingUpOthers) {
  auto first = with(issuer.token("ann"));
  EXPECT_EQ(first.status(), 0);
  auto other = desk.post(kList);
  EXPECT_EQ(other.status(), 401);
  desk.loop.advance(1s);
  EXPECT_EQ(first.status(), 200) << first.text();
  auto second = with(issuer.token("bob"));
  EXPECT_EQ(second.status(), 200) << "without any time passing";
}

TEST_F(Callers, AnIssuerThatIsDownIsNotTheCallersFault) {
  issuer.down = true;
  auto waiting = with(issuer.token("ann"));
  desk.loop.advance(10s);
  EXPECT_EQ(waiting.status(), 503);
  EXPECT_TRUE(waiting.has("Retry-After: 5\r\n"));
  EXPECT_FALSE(waiting.has("WWW-Authenticate")) << "a new token would not help";
}

TEST_F(Callers, WhoHangsUpWhileTheIssuerIsAskedLeavesNothingBehind) {
  issuer.latency = 2s;
  auto gone = with(issuer.token("ann"));
  gone.hang_up();
  desk.loop.advance(20s);
  EXPECT_EQ(desk.connections.size(), 0U);
  EXPECT_EQ(desk.endpoint->in_progress(), 0U);
}

TEST_F(Callers, ALackOfScopesIs403WithAllOfThem) {
  open({"jwt"}, {"mcp", "tools"});
  auto waiting = with(issuer.token("ann", "mcp"));
  desk.loop.advance(1s);
  EXPECT_EQ(waiting.status(), 403);
  EXPECT_TRUE(
      waiting.has("WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"mcp tools\", " + kWhere))
      << waiting.text();
  EXPECT_EQ(with(issuer.token("ann", "tools mcp")).status(), 200);
}

TEST_F(Callers, AStepUpNamesTheScopesOfTheTool) {
  desk.handler->act = [](core::Call& call) -> base::Task<base::Result<core::Outcome>> {
    call.facts.scopes_needed = {"write"};
    co_return base::Error(base::Fault::denied, base::Blame::client, "policies");
  };
  auto with_modern = [&] {
    return desk.post(
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})",
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: t\r\nAuthorization: "
        "Bearer " +
            issuer.token("ann") + "\r\n");
  };
  auto refused = with_modern();
  desk.loop.advance(1s);
  EXPECT_EQ(refused.status(), 403);
  EXPECT_TRUE(
      refused.has("WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"write\", " + kWhere))
      << refused.text();
  EXPECT_TRUE(refused.has("\"code\":4030"));
}

TEST_F(Callers, MetadataIsForEverybodyAndEveryPage) {
  for (char const* const path :
       {"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"}) {
    auto page = get(path, "Origin: https://anywhere.example\r\n");
    EXPECT_EQ(page.status(), 200) << path;
    EXPECT_TRUE(page.has("Access-Control-Allow-Origin: *\r\n"));
    EXPECT_TRUE(page.has("Content-Type: application/json"));
    EXPECT_TRUE(
        page.has(R"({"resource":"https://mcp.test/mcp","authorization_servers":["https://as.test"])"));
  }
  EXPECT_EQ(get("/.well-known/oauth-protected-resource/mcp", {}, "OPTIONS").status(), 204);
  EXPECT_EQ(get("/.well-known/oauth-protected-resource/mcp", {}, "DELETE").status(), 405);
  EXPECT_EQ(get("/.well-known/oauth-protected-resource/mcp/nobody").status(), 404);
  EXPECT_EQ(get("/.well-known/oauth-authorization-server").status(), 404);
}

TEST_F(Callers, MetadataIsNotForForeignHosts_T52) {
  auto page = desk.send("GET /.well-known/oauth-protected-resource HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(page.status(), 403);
}

TEST_F(Callers, WithoutTokensThereIsNoMetadata) {
  desk.endpoint->set_rules(std::make_shared<EndpointRules>(
      EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator({"keys"}, {})}));
  EXPECT_EQ(get("/.well-known/oauth-protected-resource").status(), 404);
  auto refused = desk.post(kList);
  EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer\r\n"));
}

}  // namespace
}  // namespace weir::edge
