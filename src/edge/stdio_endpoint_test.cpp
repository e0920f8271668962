#include "edge/stdio_endpoint.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "net/pipe.hpp"

namespace weir::edge {
namespace {

using namespace std::chrono_literals;

// Answers `initialize` at once and everything else after `delay`; a tools/call says two things first.
struct Servers final : core::Handler {
  explicit Servers(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    struct AtWork {
      int& count;
      explicit AtWork(int& c) : count(c) { ++count; }
      ~AtWork() { --count; }
    } const at_work(working);
    ++called;
    EXPECT_FALSE(call.http);
    if (call.method == mcp::Method::tools_call) {
      for (auto const* note : {R"({"n":1})", "{\n\"n\":2}"}) co_await call.client->notify(note);
    }
    if (call.method == mcp::Method::ping) session = call.session;
    if (call.method == mcp::Method::prompts_get) {
      auto const said = co_await call.client->ask("roots/list", "");
      result = said ? said->raw(mcp::Field::result) : std::string_view("[]");
      if (said && said->kind() == mcp::MessageKind::error) result = R"({"failed":true})";
    }
    if (call.method == mcp::Method::subscriptions_listen) co_await scheduler.sleep_for(10h);
    if (call.method != mcp::Method::initialize) co_await scheduler.sleep_for(delay);
    co_return core::from_result(result);
  }
  base::Scheduler& scheduler;
  std::shared_ptr<core::ClientSession const> session;  // of the last ping
  std::string result = "{}";
  base::Duration delay{};
  int called = 0;
  int working = 0;
};

constexpr char kMeta[] =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

std::string modern(std::string const& id, std::string const& method, std::string const& more = {}) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" + kMeta + more +
         "}}";
}
std::string legacy(std::string const& id, std::string const& method, std::string const& params = "{}") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" + params + "}";
}
std::string initialize(std::string const& id, std::string const& revision = "2025-06-18") {
  return legacy(id, "initialize",
                R"({"protocolVersion":")" + revision + R"(","capabilities":{},"clientInfo":{}})");
}
std::string answered(std::string const& id) { return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})"; }
std::string cancelled(std::string const& id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}";
}

struct Desk {
  explicit Desk(StdioOptions options = {}, std::size_t pipe_bytes = 1 << 20,
                std::size_t line_bytes_max = 4096) {
    auto handler = std::make_unique<Servers>(loop);
    servers = handler.get();
    entry = std::make_unique<session::SessionLayer>(std::move(handler), loop, sessions);
    auto to = net::make_pipe(loop, pipe_bytes);
    auto from = net::make_pipe(loop, pipe_bytes);
    mouth = std::move(to.first);
    ear = std::move(from.first);
    rules->body_bytes_max = line_bytes_max;
    EndpointParts const parts{loop, *entry, sessions, feed, gate, meter, random};
    endpoint = std::make_unique<StdioEndpoint>(
        parts, [this] { return rules; }, options, stopping);
    endpoint->start(std::move(to.second), std::move(from.second), [this] { ended = true; });
    loop.run();
  }
  void say_raw(std::string const& text) {
    iovec const piece{const_cast<char*>(text.data()), text.size()};
    ASSERT_EQ(mouth->write({&piece, 1}).bytes, text.size());
    loop.advance(0s);
  }
  void say(std::string const& line) { say_raw(line + "\n"); }
  void hear() {
    std::string bytes(1 << 20, '\0');
    auto const got = ear->read(bytes);
    if (got.state == net::IoState::moved) heard.append(bytes, 0, got.bytes);
    loop.advance(0s);
  }
  // The lines since the last time; all of them are whole.
  std::vector<std::string> lines() {
    hear();
    std::vector<std::string> all;
    for (std::size_t end; (end = heard.find('\n')) != std::string::npos; heard.erase(0, end + 1)) {
      all.push_back(heard.substr(0, end));
    }
    return all;
  }
  std::string ask(std::string const& line) {
    say(line);
    auto const all = lines();
    return all.size() == 1 ? all.front() : std::to_string(all.size()) + " lines";
  }

  observe::Metrics metrics{{}};
  base::VirtualLoop loop;
  base::SeededRandom random{7};
  observe::Log log{{.fd = -1}, loop.clock(), {}};
  session::SessionTable sessions{{}, random, [](auto&, auto) {}};
  router::CatalogFeed feed{loop};
  base::Gate gate{4096};
  CallMeter meter{metrics, log, loop.clock(), false};
  std::shared_ptr<EndpointRules> rules =
      std::make_shared<EndpointRules>(EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator({}, {})});
  bool stopping = false;
  bool ended = false;
  Servers* servers = nullptr;
  std::unique_ptr<session::SessionLayer> entry;
  std::unique_ptr<net::Stream> mouth;  // the client's end of our stdin
  std::unique_ptr<net::Stream> ear;    // … and of our stdout
  std::string heard;
  std::unique_ptr<StdioEndpoint> endpoint;
};

using Lines = std::vector<std::string>;

TEST(StdioEndpoint, AnswersEachRequestWithTheClientsOwnId) {
  Desk desk;
  EXPECT_EQ(desk.ask(modern("\"a\\u0062\"", "tools/list")), answered("\"a\\u0062\""));
  EXPECT_EQ(desk.ask(modern("-7", "tools/list")), answered("-7"));
}

TEST(StdioEndpoint, AnswersInTheOrderInWhichWorkEnds) {
  Desk desk;
  desk.servers->delay = 5s;
  desk.say(modern("1", "tools/list"));
  desk.servers->delay = 1s;
  desk.say(modern("2", "tools/list"));
  desk.loop.advance(2s);
  EXPECT_EQ(desk.lines(), Lines{answered("2")});
  desk.loop.advance(4s);
  EXPECT_EQ(desk.lines(), Lines{answered("1")});
}

TEST(StdioEndpoint, PutsEveryMessageOnOneLine) {  // P052
  Desk desk;
  desk.servers->result = "{\n \"a\": 1\r\n}";
  desk.say(modern("1", "tools/call"));
  EXPECT_EQ(desk.lines(),
            (Lines{R"({"n":1})", R"({ "n":2})", R"({"jsonrpc":"2.0","id":1,"result":{  "a": 1  }})"}));
}

TEST(StdioEndpoint, KeepsALegacyClientToItsHandshake) {
  Desk desk;
  EXPECT_EQ(desk.ask(legacy("1", "tools/list")),
            R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Send initialize first"}})");
  EXPECT_EQ(desk.ask(initialize("2")), answered("2"));
  EXPECT_EQ(desk.ask(legacy("3", "tools/list")), answered("3"));
  EXPECT_EQ(desk.ask(initialize("4")),
            R"({"jsonrpc":"2.0","id":4,"error":{"code":-32600,"message":"initialize was sent before"}})");
}

TEST(StdioEndpoint, RefusesTheOtherEraOnceOneIsPinned) {
  Desk old;
  old.ask(initialize("1"));
  EXPECT_EQ(
      old.ask(modern("2", "tools/list")),
      R"({"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"This process already speaks another )"
      R"(revision of the protocol","data":{"supported":["2025-11-25","2025-06-18","2025-03-26",)"
      R"("2024-11-05"],"requested":"2026-07-28"}}})");
  Desk young;
  young.ask(modern("1", "tools/list"));
  EXPECT_EQ(
      young.ask(initialize("2")),
      R"({"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"This process already speaks another )"
      R"(revision of the protocol","data":{"supported":["2026-07-28"],"requested":"2025-06-18"}}})");
}

TEST(StdioEndpoint, PinsNothingByDiscovery) {
  Desk desk;
  EXPECT_EQ(desk.ask(modern("1", "server/discover")), answered("1"));
  EXPECT_EQ(desk.ask(initialize("2")), answered("2"));
}

TEST(StdioEndpoint, PinsNothingByARefusedRequest) {
  Desk desk;
  EXPECT_NE(desk.ask(modern("1", "logging/setLevel")).find("-32601"), std::string::npos);
  EXPECT_EQ(desk.ask(modern("2", "no/such")), answered("2")) << "the router's to refuse";
  EXPECT_EQ(desk.ask(initialize("3")), answered("3"));
}

TEST(StdioEndpoint, OpensALegacySessionAgainThatTheTableLost) {
  Desk desk;
  desk.ask(initialize("1"));
  desk.sessions.end_all();
  EXPECT_EQ(desk.ask(legacy("2", "tools/list")), answered("2"));
  EXPECT_EQ(desk.sessions.size(), 1u);
}

TEST(StdioEndpoint, CancelsInBothErasWithoutAnAnswer) {
  for (bool const is_modern : {true, false}) {
    Desk desk;
    if (!is_modern) desk.ask(initialize("0"));
    desk.servers->delay = 5s;
    desk.say(is_modern ? modern("1", "tools/list") : legacy("1", "tools/list"));
    EXPECT_EQ(desk.servers->working, 1);
    desk.say(cancelled("2"));
    EXPECT_EQ(desk.servers->working, 1);
    desk.say(cancelled("1"));
    EXPECT_EQ(desk.servers->working, 0) << is_modern;
    desk.loop.advance(10s);
    EXPECT_EQ(desk.lines(), Lines{});
  }
}

TEST(StdioEndpoint, SaysWhatIsWrongWithALineAndGoesOn) {
  Desk desk;
  EXPECT_NE(desk.ask("{nonsense").find("-32700"), std::string::npos);
  EXPECT_NE(desk.ask("[]").find("-32600"), std::string::npos);
  EXPECT_EQ(desk.ask(modern("1", "tools/list")), answered("1"));
}

TEST(StdioEndpoint, AnswersAnArrayWithOne) {  // P023
  Desk desk;
  desk.ask(initialize("0", "2025-03-26"));
  desk.servers->delay = 2s;
  desk.say("[" + legacy("1", "tools/list") + ",7," + legacy("2", "tools/list") + "," +
           legacy("\"3\"", "ping") + "," + cancelled("2") + "]");
  EXPECT_EQ(desk.servers->working, 2) << "at the same time, less the one that was cancelled";
  EXPECT_EQ(desk.lines(), Lines{});
  desk.loop.advance(2s);
  auto const lines = desk.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().substr(0, 10), R"([{"jsonrpc)");
  EXPECT_EQ(lines.front().substr(lines.front().find(answered("1"))),
            answered("1") + "," + answered("\"3\"") + "]");
  EXPECT_NE(lines.front().find("-32600"), std::string::npos) << "of what is no message";
  EXPECT_EQ(desk.ask("[" + cancelled("9") + "]"), "0 lines");
}

TEST(StdioEndpoint, SaysBeforeTheArrayWhatItsCallsSayFirst) {
  Desk desk;
  desk.ask(initialize("0", "2025-03-26"));
  desk.say("[" + legacy("1", "tools/call") + "]");
  EXPECT_EQ(desk.lines(), (Lines{R"({"n":1})", R"({ "n":2})", "[" + answered("1") + "]"}));
}

TEST(StdioEndpoint, RefusesArraysThatAreNotLegal) {  // P022, P023
  Desk desk;
  std::string const one = "[" + legacy("1", "ping") + "]";
  for (auto const revision : {"", "2024-11-05", "2025-06-18", "2025-11-25"}) {
    Desk other;
    if (*revision != '\0') other.ask(initialize("0", revision));
    int const called = other.servers->called;
    EXPECT_NE(other.ask(one).find("2025-03-26 only"), std::string::npos) << revision;
    EXPECT_EQ(other.servers->called, called);
  }
  desk.ask(initialize("0", "2025-03-26"));
  for (auto const& message : {initialize("2"), modern("2", "tools/list")}) {
    auto const refused = desk.ask("[" + legacy("1", "ping") + "," + message + "]");
    EXPECT_NE(refused.find("A batch holds neither"), std::string::npos) << refused;
  }
  EXPECT_NE(desk.ask("[]").find("-32600"), std::string::npos);
  EXPECT_EQ(desk.servers->called, 1) << "nothing of them was done";
  EXPECT_EQ(desk.ask(one), "[" + answered("1") + "]");
}

TEST(StdioEndpoint, AnAnswerThatIsTooMuchToBeHeldHasALineOfItsOwn) {
  Desk desk({}, 8 << 20);
  desk.ask(initialize("0", "2025-03-26"));
  desk.servers->result = R"({"t":")" + std::string(600 * 1024, 'x') + "\"}";
  desk.say("[" + legacy("1", "ping") + "," + legacy("2", "ping") + "]");
  Lines lines;
  for (int i = 0; i < 100; ++i) {
    for (auto& line : desk.lines()) lines.push_back(line.substr(0, 25));
  }
  EXPECT_EQ(lines, (Lines{R"({"jsonrpc":"2.0","id":2,")", R"([{"jsonrpc":"2.0","id":1,)"}));
}

TEST(StdioEndpoint, BoundsALine) {
  auto const fits = modern("1", "tools/list");
  Desk desk({}, 1 << 20, fits.size());
  EXPECT_EQ(desk.ask(fits), answered("1"));
  EXPECT_NE(desk.ask(modern("12", "tools/list")).find(R"("id":12,"error":{"code":-32600)"),
            std::string::npos);
  EXPECT_EQ(desk.ask(fits), answered("1"));
}

TEST(StdioEndpoint, GivesBackTheIdOfALongRequestAsItWasWritten) {
  Desk desk;
  std::string const rest = R"("method":"tools/list","params":{"a":")" + std::string(5000, 'x') + "\"}}";
  EXPECT_NE(desk.ask(R"({"jsonrpc":"2.0","id":"s4",)" + rest).find(R"("id":"s4","error":{"code":-32600)"),
            std::string::npos);
  EXPECT_NE(desk.ask(R"({"jsonrpc": "2.0", "id": 4, )" + rest).find(R"("id":4,"error":{"code":-32600)"),
            std::string::npos);
}

TEST(StdioEndpoint, ALongAnswerOfTheClientFailsTheQuestion) {
  Desk desk;
  desk.ask(legacy("0", "initialize",
                  R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{}})"));
  desk.ask(legacy("1", "prompts/get"));
  EXPECT_EQ(
      desk.ask(R"({"jsonrpc":"2.0","id":"weir-1","result":{"roots":[")" + std::string(5000, 'x') + "\"]}}"),
      R"({"jsonrpc":"2.0","id":1,"result":{"failed":true}})");
}

TEST(StdioEndpoint, TellsARequestTooManyThatItIsBusy) {
  Desk desk({.requests_max = 2});
  desk.servers->delay = 5s;
  desk.say(modern("1", "tools/list"));
  desk.say(modern("2", "tools/list"));
  EXPECT_EQ(desk.lines(), Lines{});
  EXPECT_NE(desk.ask(modern("3", "tools/list")).find("4290"), std::string::npos);
  desk.loop.advance(5s);
  EXPECT_EQ(desk.lines().size(), 2u);
}

TEST(StdioEndpoint, ReadsNoFurtherWhileTheClientDoesNotRead) {
  Desk desk({.requests_max = 4, .lines_max = 8}, 4096);
  desk.servers->result = R"({"text":")" + std::string(3000, 'x') + "\"}";
  for (int i = 0; i < 20; ++i) desk.say(modern(std::to_string(i), "tools/list"));
  int const called = desk.servers->called;
  EXPECT_LE(called, 12);  // those at work and one that waits for the pipe
  std::size_t answers = 0;
  for (int i = 0; i < 100; ++i) answers += desk.lines().size();
  EXPECT_EQ(answers, 20u);
}

TEST(StdioEndpoint, AnswersWhatIsAtWorkAfterTheEndOfItsInput) {
  Desk desk;
  desk.servers->delay = 3s;
  desk.say_raw(modern("1", "tools/list"));  // without a newline: the end is one
  desk.mouth->shutdown_write();
  desk.loop.advance(1s);
  EXPECT_FALSE(desk.ended);
  desk.loop.advance(3s);
  EXPECT_EQ(desk.lines(), Lines{answered("1")});
  EXPECT_TRUE(desk.ended);
}

TEST(StdioEndpoint, WaitsNoLongerThanItsLinger) {
  Desk desk({.linger = 10s});
  desk.servers->delay = 1h;
  desk.say(modern("1", "tools/list"));
  desk.mouth->shutdown_write();
  desk.loop.advance(9s);
  EXPECT_FALSE(desk.ended);
  desk.loop.advance(2s);
  EXPECT_TRUE(desk.ended);
  EXPECT_EQ(desk.servers->working, 0);
}

TEST(StdioEndpoint, DoesNotWaitForSubscriptions) {
  Desk desk;
  desk.say(modern("1", "subscriptions/listen"));
  EXPECT_EQ(desk.servers->working, 1);
  desk.mouth->shutdown_write();
  desk.loop.advance(0s);
  EXPECT_TRUE(desk.ended);
}

TEST(StdioEndpoint, ASubscriptionThatEndsIsAlsoSaidToBeOver) {
  Desk desk;
  desk.say(modern("\"s\"", "subscriptions/listen"));
  EXPECT_TRUE(desk.lines().empty());
  desk.loop.advance(11h);
  EXPECT_EQ(desk.lines(), (std::vector<std::string>{answered("\"s\""), cancelled("\"s\"")}));
  desk.say(modern("2", "subscriptions/listen"));
  EXPECT_EQ(desk.ask(cancelled("2")), "0 lines");  // who ended it itself is told nothing
}

TEST(StdioEndpoint, EndsWhenNobodyReadsItsOutput) {
  Desk desk;
  desk.servers->delay = 1s;
  desk.say(modern("1", "tools/list"));
  desk.ear.reset();
  desk.loop.advance(2s);
  EXPECT_TRUE(desk.ended);
}

TEST(StdioEndpoint, AsksALegacyClientAndHearsItsAnswer) {
  Desk desk;
  desk.ask(legacy("0", "initialize",
                  R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{}})"));
  EXPECT_EQ(desk.ask(legacy("1", "prompts/get")), R"({"jsonrpc":"2.0","id":"weir-1","method":"roots/list"})");
  EXPECT_EQ(desk.ask(R"({"jsonrpc":"2.0","id":"weir-1","result":{"roots":[7]}})"),
            R"({"jsonrpc":"2.0","id":1,"result":{"roots":[7]}})");
}

TEST(StdioEndpoint, TellsALegacyClientWhatBelongsToNoRequest) {
  Desk desk;
  desk.ask(initialize("0"));
  desk.ask(legacy("1", "ping"));
  auto inbox = desk.servers->session->inbox.lock();
  ASSERT_TRUE(inbox && inbox->post(R"({"a":1})", desk.loop.now()));
  desk.loop.advance(0s);
  EXPECT_EQ(desk.lines(), Lines{R"({"a":1})"});
}

TEST(StdioEndpoint, AClientThatFellBehindIsToldTheRest) {
  Desk desk;
  desk.sessions.set_stream_limits({.replay_bytes = 1 << 20, .replay_age = 5min, .buffer_bytes = 100});
  desk.ask(initialize("0"));
  desk.ask(legacy("1", "ping"));
  auto inbox = desk.servers->session->inbox.lock();
  ASSERT_TRUE(inbox);
  Lines told;
  for (int i = 0; i < 20; ++i) {
    told.push_back(std::string(50, static_cast<char>('a' + i)));
    inbox->post(told.back(), desk.loop.now());
  }
  desk.loop.advance(0s);
  EXPECT_EQ(desk.lines(), told);
}

TEST(StdioEndpoint, TakesNoNewWorkWhileItStops) {
  Desk desk;
  desk.servers->delay = 1s;
  desk.say(modern("1", "tools/list"));
  desk.stopping = true;
  EXPECT_NE(desk.ask(modern("2", "tools/list")).find("4290"), std::string::npos);
  desk.loop.advance(1s);
  EXPECT_EQ(desk.lines(), Lines{answered("1")});
}

}  // namespace
}  // namespace weir::edge
