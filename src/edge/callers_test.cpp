// Who is let in at /mcp, and what the others are told.
#include <sys/mman.h>
#include <unistd.h>

#include "auth/scripted_issuer_test.hpp"
#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

std::string const kList =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{}}})";
std::string const kWhere = "resource_metadata=\"https://mcp.test/.well-known/oauth-protected-resource/mcp\"";

Exchange modern(HttpDesk& desk, std::string const& method, std::string const& params,
                std::string const& fields = {}) {
  return desk.post(
      R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params +
          R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})",
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" + fields);
}

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

// RFC 6750 section 3.1: the request is wrong, not the credential.
TEST_F(Callers, AMalformedCredentialIs400_P099) {
  for (std::string const shown : {"Bearer", "Bearer a, Bearer b", "Basic YTpi, Bearer a", "Foo %%", "a:b"}) {
    auto refused = desk.post(kList, "Authorization: " + shown + "\r\n");
    EXPECT_EQ(refused.status(), 400) << shown;
    EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer error=\"invalid_request\", " + kWhere))
        << refused.text();
    EXPECT_TRUE(refused.has("\"code\":-32600"));
  }
  auto unsupported = desk.post(kList, "Authorization: Basic YTpi\r\n");
  EXPECT_EQ(unsupported.status(), 401);
  EXPECT_TRUE(unsupported.has("WWW-Authenticate: Bearer " + kWhere + "\r\n")) << "no error: none was shown";
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

base::Task<base::Result<core::Outcome>> refusal(base::Fault fault, base::Blame blame) {
  co_return base::Error(fault, blame, "invalid_grant").about("docs");
}

// What is refused to a caller, and nothing that a server refuses to the gateway.
TEST_F(Callers, DenialsAreCountedByClassAndReason) {
  HttpDesk open_desk;
  base::Blame blame = base::Blame::client;
  std::vector<std::string> scopes;
  open_desk.handler->act = [&](core::Call& call) {
    call.facts.scopes_needed = scopes;
    return refusal(base::Fault::denied, blame);
  };
  auto const call = [&] { modern(open_desk, "tools/call", R"("name":"t")", "Mcp-Name: t\r\n"); };
  call();
  scopes = {"write"};
  call();
  call();
  blame = base::Blame::upstream;
  call();
  auto const& counted = open_desk.metrics.gateway().policy_denied;
  EXPECT_EQ(counted.of("anonymous").of("caller").value(), 1);
  EXPECT_EQ(counted.of("anonymous").of("scopes").value(), 2);
  EXPECT_EQ(counted.of("jwt").of("caller").value(), 0);
}

// Their token was good enough for Weir, and is not for the issuer of a server (reliability 3.3).
TEST_F(Callers, ATokenThatAServersIssuerRefusesIsChallenged_P099) {
  std::string const call =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  auto const fields =
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: t\r\nAuthorization: Bearer " +
      issuer.token("ann") + "\r\n";
  auto const answer_to = [&](base::Fault fault, base::Blame blame) {
    desk.handler->act = [fault, blame](core::Call&) { return refusal(fault, blame); };
    auto answer = desk.post(call, fields);
    desk.loop.advance(1s);
    return answer;
  };
  auto refused = answer_to(base::Fault::unauthenticated, base::Blame::client);
  EXPECT_EQ(refused.status(), 401);
  EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer error=\"invalid_token\", " + kWhere)) << refused.text();
  EXPECT_EQ(refused.count("WWW-Authenticate"), 1U);
  EXPECT_TRUE(refused.has("\"code\":4010"));
  for (auto const blame : {base::Blame::gateway, base::Blame::upstream}) {
    for (auto const fault : {base::Fault::unauthenticated, base::Fault::denied, base::Fault::config,
                             base::Fault::unavailable, base::Fault::timed_out}) {
      auto ours = answer_to(fault, blame);
      EXPECT_EQ(ours.status(), 200) << base::name_of(fault);
      EXPECT_FALSE(ours.has("WWW-Authenticate")) << "signing in would not help";
    }
  }
}

// The issuer of a server's tokens does not grant what is needed: with those scopes the caller's token would
// do.
TEST_F(Callers, WhatAServersIssuerDoesNotGrantIsAskedForByName_P101) {
  desk.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return base::Error(base::Fault::denied, base::Blame::client, "invalid_scope")
        .about("docs")
        .for_want_of({"docs:read", "docs:write"});
  };
  auto const call =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  auto refused = desk.post(
      call,
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: t\r\nAuthorization: Bearer " +
          issuer.token("ann") + "\r\n");
  desk.loop.advance(1s);
  EXPECT_EQ(refused.status(), 403);
  EXPECT_TRUE(refused.has(
      "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"docs:read docs:write\", " + kWhere))
      << refused.text();
  EXPECT_EQ(refused.count("WWW-Authenticate"), 1U);
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

base::Task<base::Result<core::Outcome>> for_an_hour(HttpDesk& desk, core::Call& call) {
  co_await call.client->notify(R"({"jsonrpc":"2.0","method":"notifications/message","params":{}})");
  co_await desk.loop.sleep_for(1h);
  co_return core::from_result("{}");
}

// They do not end: whoever opened enough of them would keep everybody else out.
TEST(Places, SubscriptionsTakeNoneOfThoseOfCalls) {
  HttpDesk desk;
  desk.gate.set_most(1);
  auto const wait = [&desk](core::Call& call) { return for_an_hour(desk, call); };
  desk.handler->listen = wait;
  std::vector<Exchange> listening;
  for (int i = 0; i < 3; ++i) {
    listening.push_back(modern(desk, "subscriptions/listen", R"("notifications":{"toolsListChanged":true})"));
    EXPECT_EQ(listening.back().status(), 200);
    EXPECT_FALSE(listening.back().stream_over());
  }
  EXPECT_EQ(desk.gate.inside(), 0U);
  auto const call = [&desk] { return modern(desk, "tools/call", R"("name":"t")", "Mcp-Name: t\r\n"); };
  EXPECT_EQ(call().status(), 200);
  desk.handler->act = wait;
  auto at_work = call();
  EXPECT_EQ(desk.gate.inside(), 1U);
  EXPECT_EQ(call().status(), 503) << "calls are bounded as before";
}

// What the log says of those who are kept out.
struct Doorkeeping : Callers {
  Doorkeeping() {
    EndpointParts const parts{desk.loop, *desk.entry, desk.sessions, desk.feed,
                              desk.gate, meter,       desk.random};
    desk.endpoint = std::make_unique<McpEndpoint>(parts, desk.rules);
    open({"jwt"}, {});
  }
  observe::Log::Options options() const {
    observe::Log::Options made;
    made.fd = fd;
    return made;
  }
  std::vector<std::string> lines() {
    log.flush();
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    auto const got = ::pread(fd, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    std::vector<std::string> lines;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      auto const level = text.find("\"level\"", at);  // what is before it is the time
      lines.push_back(text.substr(level, end - level));
    }
    return lines;
  }
  int const fd = ::memfd_create("log", MFD_CLOEXEC);
  base::SystemClock clock;
  observe::Log log{options(), clock, {}};
  CallMeter meter{desk.metrics, log, desk.loop.clock(), false};
};

TEST_F(Doorkeeping, AStormOfTheRefusedIsOneLineForEachReason) {
  for (int i = 0; i < 20; ++i) {
    desk.post(kList);
    with("nonsense");
    desk.send("GET /mcp HTTP/1.1\r\nHost: evil" + std::to_string(i) + ".test\r\n\r\n");
    desk.post(kList, "Origin: https://evil" + std::to_string(i) + ".test\r\n");
  }
  EXPECT_EQ(
      lines(),
      (std::vector<std::string>{
          R"("level":"info","event":"auth.denied","msg":"no credential"})",
          R"("level":"warn","event":"auth.denied","msg":"token: malformed"})",
          R"("level":"warn","event":"auth.host","msg":"this Host is not served here: if it should be, add it to allowed_hosts","shown":"evil0.test"})",
          R"("level":"warn","event":"auth.origin","msg":"pages of this Origin may not call: if they should, add it to allowed_origins","shown":"https://evil0.test"})",
      }));
}

TEST_F(Doorkeeping, AnotherSchemeIsNotTakenForNothing) {
  desk.post(kList, "Authorization: Basic YTpi\r\n");
  EXPECT_EQ(
      lines(),
      (std::vector<std::string>{R"("level":"warn","event":"auth.denied","msg":"no bearer credential"})"}));
}

TEST_F(Doorkeeping, TheReasonIsNamedAndTheTokenIsNot) {
  open({"jwt"}, {"mcp"});
  auto const lacking = issuer.token("ann", "other");
  auto const first = with(lacking);
  desk.loop.advance(1s);
  auto const second = with(issuer.token("ann", "mcp", "https://other.test/mcp"));
  auto const third = with(issuer.token_of_no_key("forged"));
  desk.loop.advance(1s);
  auto const told = lines();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(
      told[0],
      R"("level":"warn","event":"auth.denied","msg":"the token lacks scopes that every caller must have"})");
  EXPECT_EQ(told[1], R"("level":"warn","event":"auth.denied","msg":"token: audience"})");
  EXPECT_EQ(told[2].find(R"("level":"warn","event":"auth.denied","msg":"token: )"), 0U) << told[2];
  for (auto const& line : told) EXPECT_EQ(line.find(lacking.substr(0, 16)), std::string::npos) << line;
}

TEST_F(Doorkeeping, AnIssuerThatIsDownIsSaidToBeWhy) {
  issuer.down = true;
  auto const waiting = with(issuer.token("ann"));
  desk.loop.advance(10s);
  auto const told = lines();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], R"("level":"warn","event":"auth.denied","msg":"the issuer cannot be asked"})");
}

TEST_F(Callers, RefusalsAreCountedUnderTheirOwnReasons) {
  open({"jwt"}, {"mcp"});
  auto const lacking = with(issuer.token("ann", "other"));
  desk.loop.advance(1s);
  issuer.down = true;
  open({"jwt"}, {"mcp"});
  auto const waiting = with(issuer.token("ann", "other"));
  desk.loop.advance(10s);
  auto const page = desk.metrics.render();
  EXPECT_NE(page.find("weir_http_rejects_total{reason=\"denied\"} 1"), std::string::npos);
  EXPECT_NE(page.find("weir_http_rejects_total{reason=\"issuer\"} 1"), std::string::npos);
}

TEST_F(Callers, WhoIsNotLetInIsCountedByWhy) {
  open({"jwt"}, {"mcp"});
  desk.post(kList);
  desk.post(kList, "Authorization: Basic YTpi\r\n");
  desk.post(kList, "Authorization: Bearer\r\n");
  with("nonsense");
  auto const lacking = with(issuer.token("ann", "other"));
  desk.loop.advance(1s);
  issuer.down = true;
  open({"jwt"}, {"mcp"});
  auto const waiting = with(issuer.token("ann", "other"));
  desk.loop.advance(10s);
  auto const& counted = desk.metrics.gateway().auth_failures;
  for (char const* const reason : {"missing", "unsupported", "malformed", "refused", "scopes", "issuer"}) {
    EXPECT_EQ(counted.of(reason).value(), 1) << reason;
  }
}

}  // namespace
}  // namespace weir::edge
