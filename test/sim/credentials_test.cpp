#include <gtest/gtest.h>

#include "resilience/breaker_layer.hpp"
#include "resilience/deadline_layer.hpp"
#include "support/call_of.hpp"
#include "support/world.hpp"
#include "upstream/http_backend.hpp"

// What clients get while the credential of their server changes (R-059, F-30), has to be waited for (F-45),
// or cannot be sent at all.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

class Credentials : public World, public testing::TestWithParam<Speaks> {
 public:
  Credentials() {
    server = &http("a", GetParam());
    set("old");
    server->keys = {"old", "new"};
    asker = &client(Era::modern);
  }
  void SetUp() override {
    start();
    ask();
  }
  void set(std::string_view value) { settings.servers[0].headers = {{"Authorization", base::Secret(value)}}; }
  // Whether a call was executed, and with which credential.
  std::string ask() {
    server->used.clear();
    auto const reply = asker->call("a__echo", R"({"key":"k"})");
    advance(1s);
    bool const good = reply->answered() && reply->final().find("from a") != std::string::npos;
    std::string used;
    for (auto const& [key, times] : server->used) used += (used.empty() ? "" : " ") + key;
    return good ? used : "failed: " + reply->final();
  }
  FakeServer* server = nullptr;
  FakeClient* asker = nullptr;
};

TEST_P(Credentials, ANewOneIsUsedFromTheNextCallOnAndTheServerIsNotOpenedAnew_R059) {
  auto const hellos = server->seen["server/discover"] + server->seen["initialize"];
  set("new");
  reload();
  EXPECT_EQ(ask(), "new");
  advance(5s);
  EXPECT_EQ(server->seen["server/discover"] + server->seen["initialize"], hellos);
}

TEST_P(Credentials, OneThatIsRefusedCostsNoCallAndGivesWayToTheOneBefore_F30) {
  set("bad");
  reload();
  EXPECT_EQ(ask(), "bad old");
  EXPECT_EQ(ask(), "old");
}

TEST_P(Credentials, TheOneBeforeHelpsUntilTheOverlapIsOver_F30) {
  set("new");
  reload();
  EXPECT_EQ(ask(), "new");
  server->keys = {"old"};  // an address of the server that does not know it yet
  EXPECT_EQ(ask(), "new old");
  advance(60s);
  EXPECT_TRUE(ask().starts_with("failed: ")) << "nothing is left of what was replaced";
}

TEST_P(Credentials, WhereBothAreRefusedTheCallerIsTold) {
  set("new");
  reload();
  server->keys = {"none"};
  EXPECT_TRUE(ask().starts_with("failed: "));
}

INSTANTIATE_TEST_SUITE_P(Eras, Credentials, testing::Values(Speaks::modern, Speaks::legacy));

// Of an issuer that takes its time; the gateway's own are at hand.
struct LateTokens final : core::CredentialSource {
  explicit LateTokens(base::Scheduler& s) : scheduler(s) {}
  static Value token_of(std::string const& who) {
    return std::make_shared<base::Secret const>("Bearer " + who);
  }
  bool per_caller() const noexcept override { return true; }
  Value ready(core::Principal const* caller) override {
    if (caller == nullptr) return token_of("own");
    return at_hand.contains(caller->id) ? token_of(caller->id) : nullptr;
  }
  base::Task<base::Result<Value>> obtain(core::Principal const* caller, base::TimePoint deadline) override {
    if (auto value = ready(caller)) co_return value;
    time_given = deadline - scheduler.now();
    co_await scheduler.sleep_for(std::min(takes, time_given));
    if (takes >= time_given)
      co_return base::Error(base::Fault::timed_out, base::Blame::gateway, "the issuer is slow");
    at_hand.insert(caller->id);
    co_return token_of(caller->id);
  }
  void refused(core::Principal const*, Value const&, bool) override {}

  base::Scheduler& scheduler;
  base::Duration takes = 1h, time_given{};
  std::set<std::string> at_hand;
};

struct Deaf final : core::BackendObserver {
  void list_changed(std::string_view, mcp::Method) override {}
  void state_changed(std::string_view) override {}
};

// A backend behind the layers that judge its server.
struct OneServer : testing::TestWithParam<Speaks> {
  OneServer() {
    servers["a"] = std::make_unique<FakeServer>(loop, "a", GetParam());
    options.name = "a";
    options.url = *net::parse_url("http://a/mcp");
  }
  void build() {
    backend = std::make_shared<upstream::HttpBackend>(loop, dialer, random, observer, std::move(options));
    auto deadline =
        std::make_shared<resilience::DeadlineLayer>(backend, loop, "a", resilience::DeadlineOptions{});
    layers = std::make_unique<resilience::BreakerLayer>(std::move(deadline), loop, breakers);
    tasks.spawn([](OneServer& rig) -> base::Task<void> {
      auto const opened = co_await rig.backend->open();
      if (!opened) rig.error = opened.error();
    }(*this));
    loop.advance(1s);
  }
  ~OneServer() override { tasks.cancel(); }
  base::Task<void> run(core::Principal who) {
    CollectingSink sink(loop);
    auto const call = call_of(
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"key":"k"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})",
        mcp::kNewest, &sink);
    call->target = "echo";
    call->principal = &who;
    call->started = loop.now();
    auto outcome = co_await layers->handle(*call);
    took = loop.now() - call->started;
    waited = call->facts.credential.took;
    error = outcome ? base::Error() : outcome.error();
    text.clear();
    if (outcome) outcome->edits.append_to(text);
  }
  void call(std::string const& who) {
    text = "no answer";
    tasks.spawn(run(core::Principal{who, "key", {}}));
    loop.advance(6s);
  }
  resilience::BreakerState breaker() const { return breakers->of(resilience::OperationClass::tools).state(); }
  FakeServer& server() { return *servers["a"]; }

  base::VirtualLoop loop;
  base::SeededRandom random{3};
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  std::map<std::string, std::unique_ptr<FakeServer>> servers;
  FakeDialer dialer{loop, servers};
  Deaf observer;
  std::shared_ptr<LateTokens> tokens = std::make_shared<LateTokens>(loop);
  upstream::HttpBackendOptions options;
  std::shared_ptr<upstream::HttpBackend> backend;
  std::shared_ptr<resilience::ServerBreakers> breakers = std::make_shared<resilience::ServerBreakers>(
      "a", resilience::BreakerOptions{}, 1, metrics.server("a"), nullptr);
  std::unique_ptr<core::Handler> layers;
  base::Error error;
  std::string text;
  base::Duration took{}, waited{};
  base::TaskGroup tasks{loop};
};

TEST_P(OneServer, AnIssuerThatIsSilentIsNotTheServersFault_F45) {
  options.credentials = tokens;
  build();
  tokens->at_hand = {"bob"};
  for (int i = 0; i < 20; ++i) {
    call("ann");
    EXPECT_EQ(error.fault, base::Fault::timed_out) << text;
    EXPECT_EQ(error.blame, base::Blame::gateway);
    EXPECT_EQ(error.detail, "the issuer is slow") << "it is not the deadline that speaks";
    EXPECT_EQ(error.server, "a");
    EXPECT_LT(took, 5s);
    EXPECT_GE(took, 4900ms) << "all of the time but a moment is the issuer's";
    EXPECT_EQ(waited, took);
  }
  EXPECT_EQ(breaker(), resilience::BreakerState::closed);
  EXPECT_EQ(server().seen["tools/call"], 0);
  EXPECT_EQ(server().used["Bearer ann"], 0);
  call("bob");
  EXPECT_NE(text.find("{k} from a"), std::string::npos) << error.detail;
  EXPECT_EQ(waited, 0s);
}

TEST_P(OneServer, ATokenThatComesWithinTheDeadlineServesTheCall) {
  options.credentials = tokens;
  build();
  tokens->takes = 4s;
  call("ann");
  EXPECT_NE(text.find("{k} from a"), std::string::npos) << error.detail;
  EXPECT_EQ(waited, 4s);
  EXPECT_LT(tokens->time_given, 5s);
  EXPECT_GT(server().used["Bearer ann"], 0);
}

// The last line of defence: secrets are checked where they come from.
TEST_P(OneServer, AHeaderThatCannotBeSentIsNotLeftOut_T51) {
  options.fields = {{"X-Key", base::Secret("good\r\nX-Evil: 1")}};
  build();
  EXPECT_EQ(error.fault, base::Fault::config);
  EXPECT_EQ(error.blame, base::Blame::gateway);
  EXPECT_NE(error.hint.find("X-Key"), std::string::npos) << error.hint;
  EXPECT_NE(backend->status().cause.find("X-Key"), std::string::npos) << "the start table says it";
  for (auto const& said : {error.hint, error.detail, backend->status().cause}) {
    EXPECT_EQ(said.find("good"), std::string::npos) << said;
    EXPECT_EQ(said.find("Evil"), std::string::npos) << said;
  }
  EXPECT_TRUE(server().used.empty()) << "nothing was sent";
}

TEST_P(OneServer, ACredentialThatChangesToWhatCannotBeSentIsNotLeftOut_T51) {
  using namespace std::string_view_literals;
  for (auto const bad : {"Bearer x\n"sv, "Bearer \x01"sv, "Bearer \0"sv}) {
    auto const slot = std::make_shared<core::CredentialSlot>(
        core::CredentialFields{{"Authorization", base::Secret("Bearer x")}}, false,
        core::CredentialSlot::Heard());
    options = upstream::HttpBackendOptions();
    options.name = "a";
    options.url = *net::parse_url("http://a/mcp");
    options.credential = slot;
    build();
    call("ann");
    EXPECT_NE(text.find("{k} from a"), std::string::npos) << error.detail;
    slot->set({{"Authorization", base::Secret(bad)}}, 0s, loop.now());
    server().used.clear();
    call("ann");
    EXPECT_EQ(error.fault, base::Fault::config);
    EXPECT_EQ(error.blame, base::Blame::gateway);
    EXPECT_EQ(error.server, "a");
    EXPECT_TRUE(server().used.empty()) << "nothing goes out without it";
    EXPECT_EQ(breaker(), resilience::BreakerState::closed);
  }
}

INSTANTIATE_TEST_SUITE_P(Eras, OneServer, testing::Values(Speaks::modern, Speaks::legacy));

}  // namespace
}  // namespace weir::test
