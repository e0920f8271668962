#include "edge/admitted_tenure.hpp"

#include "auth/scripted_issuer_test.hpp"
#include "edge/http_desk_test.hpp"

// F-11: streams end with what their caller was admitted with.
namespace weir::edge {
namespace {

config::ApiKey key(std::string const& name, std::optional<base::WallTime> expires = {}) {
  config::ApiKey made;
  made.name = name;
  auto const digest = auth::token_digest(name);
  std::copy(digest.begin(), digest.end(), made.sha256.begin());
  made.expires = expires;
  return made;
}

struct Keys : testing::Test {
  Keys() { let_in({key("ci")}); }
  void let_in(std::vector<config::ApiKey> const& keys, std::string const& allowed = {}) {
    auto rules = std::make_shared<EndpointRules>(
        EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator({"keys"}, keys)});
    if (!allowed.empty()) {
      rules->access = std::make_shared<core::AccessRules const>(
          std::vector<core::AccessRule>{{.who = "*", .allow = {allowed}, .deny = {}, .scopes = {}}});
    }
    desk.endpoint->set_rules(std::move(rules));
    desk.loop.advance(0s);
  }
  Exchange open() {
    auto hello =
        desk.post(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
                  R"("capabilities":{},"clientInfo":{}}})",
                  kShown);
    auto const at = hello.text().find("Mcp-Session-Id: ");
    return desk.get(hello.text().substr(at + 16, 32), kShown);
  }
  static constexpr char kShown[] = "Authorization: Bearer ci\r\n";
  static constexpr char kFarewell[] = R"(event: close
data: {"reason":"credential"})";
  HttpDesk desk;
};

TEST_F(Keys, AStreamEndsWhenItsKeyHasExpired) {
  let_in({key("ci", desk.loop.clock().wall() + 100s)});
  auto stream = open();
  desk.loop.advance(99s);
  EXPECT_FALSE(stream.has(kFarewell)) << stream.text();
  desk.loop.advance(1s);
  EXPECT_TRUE(stream.has(kFarewell)) << stream.text();
  EXPECT_TRUE(stream.stream_over());
}

TEST_F(Keys, AStreamEndsWhenItsKeyIsTakenAway) {
  auto stream = open();
  let_in({key("other"), key("ci")});
  EXPECT_FALSE(stream.has(kFarewell)) << "nothing has changed for this one";
  let_in({key("other")});
  EXPECT_TRUE(stream.has(kFarewell)) << stream.text();
}

TEST_F(Keys, AStreamEndsWhenOtherPoliciesHold) {
  let_in({key("ci")}, "git.*");
  auto stream = open();
  let_in({key("ci")}, "git.*");
  EXPECT_FALSE(stream.has(kFarewell)) << stream.text();
  let_in({key("ci")}, "docs.*");
  EXPECT_TRUE(stream.has(kFarewell)) << stream.text();
}

struct Tokens : testing::Test {
  Tokens() {
    auto rules = std::make_shared<EndpointRules>(
        EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator({"jwt"}, {}, issuer.sources())});
    rules->legacy_sse = true;
    desk.endpoint->set_rules(std::move(rules));
    desk.handler->act = [this](core::Call& call) {
      seen.push_back(call.principal->scopes);
      return ActingHandler::empty();
    };
  }
  static std::string shown(std::string const& token) { return "Authorization: Bearer " + token + "\r\n"; }
  Exchange open(std::string const& token) {
    auto stream = desk.send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                            shown(token) + "\r\n");
    desk.loop.advance(1s);
    return stream;
  }
  int say(Exchange& stream, std::string const& token) {
    auto const at = stream.text().find("data: /mcp") + 6;
    auto const uri = stream.text().substr(at, stream.text().find('\n', at) - at);
    std::string const body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})";
    auto told =
        desk.send("POST " + uri + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                  shown(token) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    desk.loop.advance(1s);
    return told.status();
  }
  // A client that reads: one that does not is cut off after a while.
  void pass(Exchange& stream, std::chrono::minutes time) {
    for (auto left = time; left > 0min; left -= 1min) {
      desk.loop.advance(1min);
      stream.text();
    }
  }
  HttpDesk desk;
  auth::ScriptedIssuer issuer{&desk.loop};
  std::vector<std::vector<std::string>> seen;
};

// Not with those of the token that opened the stream (P108).
TEST_F(Tokens, ALetterHasTheRightsOfItsOwnToken) {
  auto stream = open(issuer.token("ann", "read write"));
  EXPECT_EQ(say(stream, issuer.token("ann", "read")), 202);
  EXPECT_EQ(say(stream, issuer.token("ann", "read write admin")), 202);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0], std::vector<std::string>{"read"});
  EXPECT_EQ(seen[1], (std::vector<std::string>{"read", "write", "admin"}));
  EXPECT_EQ(say(stream, issuer.token("bob", "read")), 404) << "somebody else's session";
}

TEST_F(Tokens, AStreamLastsAsLongAsTheNewestTokenThatCame) {
  auto const first = issuer.token("ann");  // for an hour, as the next one
  auto stream = open(first);
  pass(stream, 25min);
  EXPECT_EQ(say(stream, first), 202);
  pass(stream, 25min);
  auto const second = issuer.token("ann");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(say(stream, second), 202);
    pass(stream, 19min);
  }
  EXPECT_FALSE(stream.has("event: close")) << stream.text();
  pass(stream, 4min);
  EXPECT_TRUE(stream.has("\"reason\":\"credential\"")) << stream.text();
}

}  // namespace
}  // namespace weir::edge
