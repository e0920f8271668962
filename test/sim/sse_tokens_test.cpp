#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"
#include "support/call_of.hpp"
#include "support/wire.hpp"
#include "upstream/sse_backend.hpp"
#include "upstream/sse_people_io.hpp"

// Tokens at servers of revision 2024-11-05: of the gateway, and of each caller.
namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using core::CredentialSource;

// Gives "Bearer NAME-N"; N counts what was refused.
struct Tokens final : CredentialSource {
  bool of_callers = false;
  std::set<std::string> without;    // whom it has none for
  base::Scheduler* late = nullptr;  // then they have to wait for that in vain
  base::Duration time_given{};
  std::map<std::string, int> refusals;

  static std::string name_of(core::Principal const* caller) { return caller == nullptr ? "own" : caller->id; }
  bool per_caller() const noexcept override { return of_callers; }
  Value ready(core::Principal const* caller) override {
    auto const name = name_of(caller);
    if (without.contains(name)) return nullptr;
    return std::make_shared<base::Secret const>("Bearer " + name + "-" + std::to_string(refusals[name]));
  }
  base::Task<base::Result<Value>> obtain(core::Principal const* caller, base::TimePoint deadline) override {
    if (auto value = ready(caller)) co_return value;
    if (late != nullptr) {
      time_given = deadline - late->now();
      co_await late->sleep_until(deadline);
      co_return base::Error(base::Fault::timed_out, base::Blame::gateway, "the issuer is slow");
    }
    co_return base::Error(base::Fault::unavailable, base::Blame::gateway, "no token for " + name_of(caller))
        .advise("Sign in.");
  }
  void refused(core::Principal const* caller, Value const&, bool) override { ++refusals[name_of(caller)]; }
  std::string acts_as(core::Principal const& caller) const override { return caller.id + sign_in; }
  bool wants_nonce(core::Principal const*, std::string_view, std::string_view nonce,
                   std::string_view) override {
    bool const other = !nonce.empty() && nonce != known_nonce;
    if (!nonce.empty()) known_nonce = nonce;
    return other;
  }
  std::optional<base::Error> forbidden(core::Principal const*, std::string_view challenge) const override {
    if (challenge.empty()) return std::nullopt;
    return base::Error(base::Fault::denied, base::Blame::client, std::string(challenge))
        .advise("Sign in for more.");
  }
  std::string sign_in, known_nonce;
};

// A server that answers over the stream of whoever asks, and only to tokens that it knows.
struct Server final : net::Dialer {
  explicit Server(base::Scheduler& s) : scheduler(s), connections(s) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const&,
                                                              base::TimePoint) override {
    auto ends = net::make_pipe(scheduler, 64 * 1024);
    connections.spawn(serve(std::move(ends.second)));
    co_return std::move(ends.first);
  }
  base::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    test::Wire wire(std::move(stream));
    for (;;) {
      auto head = co_await wire.head();
      if (!head) co_return;
      std::string body;
      if (!head->start.starts_with("GET ")) body = *co_await wire.body(*head);
      auto const token = head->field("authorization");
      asked.push_back(head->start.substr(0, head->start.find(' ')) + " " + token);
      auto const refusal = refusal_of(*head);
      if (!refusal.empty()) {
        co_await wire.write("HTTP/1.1 " + refusal + "\r\nContent-Length: 0\r\n\r\n");
        continue;
      }
      if (head->start.starts_with("GET ")) {
        auto const number = std::to_string(++opened);
        co_await wire.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\ndata: /post?s=" +
            number + "\n\n");
        ++open;
        wires[number] = &wire;
        co_await wire.until_gone();
        wires.erase(number);
        --open;
        co_return;
      }
      co_await wire.write("HTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n");
      auto const session = head->start.substr(head->start.find("s=") + 2);
      co_await answer(session.substr(0, session.find(' ')), body, token);
    }
  }
  std::string refusal_of(test::WireHead const& head) {
    auto const token = head.field("authorization");
    if (stale.contains(token)) return "401 X";
    if (!nonce.empty()) return "401 X\r\nDPoP-Nonce: " + std::exchange(nonce, "");
    for (auto const& [begin, refusal] : refuses) {
      if ((head.start.substr(0, head.start.find(' ')) + " " + token).starts_with(begin)) return refusal;
    }
    return {};
  }
  base::Task<void> answer(std::string session, std::string body, std::string token) {
    if (silent && body.find("tools/call") != std::string::npos) co_return;
    auto const id_at = body.find("\"id\":");
    auto const found = wires.find(session);
    if (id_at == std::string::npos || found == wires.end()) co_return;
    auto const id = body.substr(id_at + 5, body.find_first_of(",}", id_at) - id_at - 5);
    auto result = R"({"content":[{"type":"text","text":")" + token + R"("}]})";
    if (body.find("initialize") != std::string::npos)
      result =
          R"({"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}})";
    co_await found->second->write("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":" + id +
                                  ",\"result\":" + result + "}\n\n");
  }
  std::size_t count(std::string const& what) const {
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), what));
  }

  base::Scheduler& scheduler;
  bool silent = false;                         // to calls
  std::string nonce;                           // wanted in the next proof
  std::map<std::string, std::string> refuses;  // method and token → status and fields
  std::set<std::string> stale;
  std::vector<std::string> asked;  // "GET Bearer x", "POST Bearer x"
  std::map<std::string, test::Wire*> wires;
  int opened = 0;
  int open = 0;
  base::TaskGroup connections;
};

struct SseTokens : testing::Test {
  base::VirtualLoop loop;
  Server server{loop};
  base::SeededRandom random{3};
  std::shared_ptr<Tokens> tokens = std::make_shared<Tokens>();
  std::unique_ptr<core::Backend> backend;

  std::unique_ptr<core::Backend> stream(std::shared_ptr<SseOwner const> owner,
                                        core::BackendObserver* observer) {
    SseOptions to{*net::parse_url("http://old.test/sse"), {}};
    to.tokens = tokens;
    to.owner = std::move(owner);
    StdioBackend::Options options;
    options.command.argv = {"http://old.test/sse"};
    options.child.server = "old";
    options.child.gateway_info = R"({"name":"weir","version":"1"})";
    return std::make_unique<SseBackend>(loop, server, random, std::move(to), std::move(options), observer);
  }
  void start() {
    if (!tokens->of_callers) {
      backend = stream(nullptr, nullptr);
    } else {
      backend = std::make_unique<SsePeople>(
          loop, tokens, [this](auto owner, auto* hears) { return stream(std::move(owner), hears); });
    }
  }
  ~SseTokens() override {
    calls.cancel();
    backend.reset();
  }
  using Answer = std::optional<base::Result<core::Outcome>>;
  base::Task<void> run(core::Principal who, std::shared_ptr<Answer> out) {
    test::CollectingSink sink(loop);
    auto const call =
        test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}})",
                      mcp::kNewestLegacy, &sink);
    call->method = mcp::Method::tools_call;
    call->target = "echo";
    call->principal = &who;
    call->deadline = call->deadline_latest = loop.now() + call_time;
    *out = co_await backend->handle(*call);
  }
  std::string call(std::string const& who) {
    auto const out = std::make_shared<Answer>();  // the call may go on
    calls.spawn(run(core::Principal{who, "key", {}}, out));
    loop.advance(1s);
    auto const& answer = *out;
    if (!answer) return "no answer";
    if (!*answer) {
      error = answer->error();
      return error.detail + ": " + error.hint;
    }
    std::string text;
    (*answer)->edits.append_to(text);
    return text;
  }
  base::Duration call_time = 60s;
  base::Error error;  // of the last call that had one
  base::TaskGroup calls{loop};
};

TEST_F(SseTokens, TheStreamAndEachPostCarryTheGatewaysToken) {
  start();
  EXPECT_NE(call("ann").find("Bearer own-0"), std::string::npos);
  EXPECT_NE(call("bob").find("Bearer own-0"), std::string::npos);
  EXPECT_EQ(server.open, 1) << "one stream for all";
  for (auto const& one : server.asked) EXPECT_NE(one.find("Bearer own-0"), std::string::npos) << one;
}

// HTTP+SSE is of the legacy era: nobody waits for what a server says to server/discover.
TEST_F(SseTokens, NothingIsProbed) {
  start();
  EXPECT_NE(call("ann").find("Bearer own-0"), std::string::npos);
  EXPECT_EQ(server.opened, 1);
  EXPECT_EQ(server.count("POST Bearer own-0"), 3U) << "initialize, initialized, the call";
  loop.advance(24h);
  EXPECT_EQ(server.opened, 1) << "nor later";
  EXPECT_EQ(server.count("POST Bearer own-0"), 3U);
}

TEST_F(SseTokens, ARefusedCallIsAFailureAndNoAnswerOfTheServer) {
  start();
  call("ann");
  server.refuses["POST"] = "429 X\r\nRetry-After: 2";
  EXPECT_EQ(call("ann"), "the server answered HTTP 429: It asks to come back in 2 s.");
  EXPECT_EQ(error.fault, base::Fault::throttled);
  EXPECT_EQ(error.blame, base::Blame::upstream);
  EXPECT_EQ(error.retry_after, 2s);
  EXPECT_EQ(error.server, "old");
  server.refuses["POST"] = "500 X";
  EXPECT_EQ(call("ann"), "the server answered HTTP 500: ");
  EXPECT_EQ(error.fault, base::Fault::unavailable);
}

TEST_F(SseTokens, ATokenThatIsOverIsReplacedOnTheSameStream) {
  start();
  ASSERT_NE(call("ann").find("Bearer own-0"), std::string::npos);
  server.stale = {"Bearer own-0"};
  auto const streams = server.opened;
  EXPECT_NE(call("ann").find("Bearer own-1"), std::string::npos);
  EXPECT_EQ(server.opened, streams);
  EXPECT_EQ(tokens->refusals["own"], 1);
}

TEST_F(SseTokens, WithoutATokenTheCureIsToldAndNothingIsSent) {
  tokens->without = {"own"};
  start();
  EXPECT_EQ(call("ann").substr(0, 16), "no token for own");
  EXPECT_NE(call("ann").find("Sign in."), std::string::npos);
  EXPECT_TRUE(server.asked.empty());
  EXPECT_EQ(backend->status().cure, "Sign in.");
  EXPECT_NE(backend->status().cause.find("no token for own"), std::string::npos);
  EXPECT_EQ(backend->status().restarts, 0) << "nothing was started";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(call("ann").substr(0, 16), "no token for own") << "however often";
  tokens->without.clear();
  EXPECT_NE(call("ann").find("Bearer own-0"), std::string::npos) << "the first call with a token is served";
}

TEST_F(SseTokens, AnIssuerThatIsSilentIsToldBeforeTheCallIsOver_F45) {
  tokens->without = {"own", "ann"};
  tokens->late = &loop;
  call_time = 1s;
  for (bool const of_callers : {false, true}) {
    tokens->of_callers = of_callers;
    start();
    EXPECT_EQ(call("ann").substr(0, 18), "the issuer is slow");
    EXPECT_EQ(tokens->time_given, base::Duration(950ms)) << "no more than the call has";
    EXPECT_EQ(error.blame, base::Blame::gateway);
    EXPECT_EQ(error.server, "old");
    EXPECT_TRUE(server.asked.empty());
  }
}

TEST_F(SseTokens, ATokenIsNoticedWithoutACall) {
  tokens->without = {"own"};
  start();
  call("ann");
  tokens->without.clear();
  loop.advance(30s);
  EXPECT_EQ(backend->status().state, core::ServerState::ready);
}

TEST_F(SseTokens, EachCallerHasAStreamOfTheirOwn) {
  tokens->of_callers = true;
  tokens->without = {"eve"};
  start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(call("ann").find("Bearer ann-0"), std::string::npos);
    EXPECT_NE(call("bob").find("Bearer bob-0"), std::string::npos);
  }
  EXPECT_EQ(call("eve"), "no token for eve: Sign in.");
  EXPECT_EQ(server.open, 2) << "none for who has no token, and none is shared";
  EXPECT_EQ(server.count("GET Bearer own-0"), 0U) << "the gateway has asked nothing yet";
}

TEST_F(SseTokens, AStreamThatNobodyUsesIsClosed) {
  tokens->of_callers = true;
  start();
  call("ann");
  call("bob");
  EXPECT_EQ(server.open, 2);
  loop.advance(SsePeople::kIdle / 2);
  call("bob");
  loop.advance(SsePeople::kIdle / 2 + 60s);
  EXPECT_EQ(server.open, 1);
  EXPECT_EQ(static_cast<SsePeople&>(*backend).streams(), 1U);
  EXPECT_NE(call("ann").find("Bearer ann-0"), std::string::npos) << "it is opened anew";
}

TEST_F(SseTokens, WhoCalledLongestAgoMakesRoom) {
  tokens->of_callers = true;
  start();
  for (std::size_t i = 0; i <= SsePeople::kMost; ++i) call("p" + std::to_string(i));
  auto& people = static_cast<SsePeople&>(*backend);
  EXPECT_EQ(people.streams(), SsePeople::kMost);
  loop.advance(5s);
  EXPECT_EQ(server.open, static_cast<int>(SsePeople::kMost));
}

TEST_F(SseTokens, NobodyLosesAStreamThatIsInUse) {
  tokens->of_callers = true;
  server.silent = true;
  start();
  for (std::size_t i = 0; i < SsePeople::kMost; ++i) EXPECT_EQ(call("p" + std::to_string(i)), "no answer");
  auto const refused = call("late");
  EXPECT_EQ(refused.find("256 callers are using streams of their own at this server"), 0U) << refused;
  EXPECT_EQ(server.open, static_cast<int>(SsePeople::kMost));
  EXPECT_EQ(server.count("GET Bearer late-0"), 0U);
  server.silent = false;
  EXPECT_NE(call("p7").find("Bearer p7-0"), std::string::npos) << "who has a stream can go on using it";
}

TEST_F(SseTokens, ANonceThatTheServerWantsIsNoRefusalOfTheToken) {  // RFC 9449 9
  start();
  server.nonce = "n1";
  EXPECT_NE(call("ann").find("Bearer own-0"), std::string::npos);
  server.nonce = "n2";
  EXPECT_NE(call("ann").find("Bearer own-0"), std::string::npos);
  EXPECT_EQ(tokens->known_nonce, "n2");
  EXPECT_EQ(tokens->refusals["own"], 0);
}

TEST_F(SseTokens, WhatATokenLacksIsTold) {
  start();
  call("ann");
  server.refuses["POST"] = "403 X\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\"";
  EXPECT_EQ(call("ann"), "Bearer error=\"insufficient_scope\": Sign in for more.");
}

// Neither is held against the server, which others use: their calls would not be let through any more.
TEST_F(SseTokens, WhoMayNotUseTheServerHarmsNobodyElse) {
  tokens->of_callers = true;
  server.refuses["GET Bearer eve"] = "403 X";
  start();
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(call("eve").find("the server answered HTTP 403: The server refuses the credential"), 0U);
    EXPECT_EQ(error.blame, base::Blame::gateway);
    EXPECT_EQ(error.retry, base::Retry::always);
  }
  EXPECT_NE(call("ann").find("Bearer ann-0"), std::string::npos);
  server.refuses["POST Bearer ann"] = "401 X";
  EXPECT_EQ(call("ann").find("the server answered HTTP 401"), 0U);
  EXPECT_EQ(error.blame, base::Blame::gateway);
  server.refuses.clear();
  EXPECT_NE(call("eve").find("Bearer eve-0"), std::string::npos) << "at once";
}

TEST_F(SseTokens, ATokenThatEndsMeanwhileIsNoAnswerOfTheServer) {
  start();
  call("ann");
  tokens->without = {"own"};
  EXPECT_EQ(call("ann"), "no token for own: Sign in.");
  EXPECT_EQ(error.fault, base::Fault::unavailable);
}

TEST_F(SseTokens, AnotherSignInIsAnotherStream) {
  tokens->of_callers = true;
  start();
  call("ann");
  call("ann");
  auto const before = server.opened;
  tokens->sign_in = "another account";
  EXPECT_NE(call("ann").find("Bearer ann-0"), std::string::npos);
  EXPECT_GT(server.opened, before);
  loop.advance(10s);
  EXPECT_EQ(server.open, 1) << "the other one is closed";
}

TEST_F(SseTokens, AStreamThatEndedIsNotOpenedAnewBeforeItsOwnerCalls) {
  tokens->of_callers = true;
  start();
  call("ann");
  auto const before = server.opened;
  server.connections.cancel();
  server.open = 0;
  loop.advance(2min);
  EXPECT_EQ(server.opened, before);
  EXPECT_EQ(static_cast<SsePeople&>(*backend).streams(), 0U);
  EXPECT_NE(call("ann").find("Bearer ann-0"), std::string::npos);
}

TEST_F(SseTokens, WhoHasNoTokenAnyMoreHasNoStream) {
  tokens->of_callers = true;
  start();
  call("ann");
  tokens->without = {"ann"};
  loop.advance(SsePeople::kSweep + 5s);
  EXPECT_EQ(static_cast<SsePeople&>(*backend).streams(), 0U);
  EXPECT_EQ(server.open, 0);
}

TEST_F(SseTokens, ClosedItSaysSo) {
  tokens->of_callers = true;
  start();
  call("ann");
  calls.spawn(backend->close(loop.now() + 5s));
  loop.advance(6s);
  EXPECT_EQ(call("ann").find("the server is being stopped"), 0U);
  EXPECT_EQ(error.retry, base::Retry::always);
}

}  // namespace
}  // namespace weir::upstream
