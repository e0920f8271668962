#include "upstream/stdio_backend_io.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/virtual_loop.hpp"
#include "support/call_of.hpp"
#include "support/scripted_child.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using core::ServerState;
using test::Handshake;

struct Waiting {  // a client that waits for its answer
  explicit Waiting(base::Scheduler& scheduler) : sink(scheduler), tasks(scheduler) {}
  test::CollectingSink sink;
  std::unique_ptr<core::Call> call;
  std::optional<base::Result<core::Outcome>> outcome;
  base::TaskGroup tasks;

  std::string answer() const {
    if (!outcome) return "waiting";
    if (!*outcome) return std::string(base::name_of(outcome->error().fault)) + ": " + outcome->error().detail;
    std::string text;
    (*outcome)->edits.append_to(text);
    return text;
  }
};

struct Observer final : core::BackendObserver {
  void list_changed(std::string_view, mcp::Method list) override {
    lists += std::string(mcp::traits_of(list).name) + " ";
  }
  void state_changed(std::string_view) override { ++states; }
  std::string lists;
  int states = 0;
};

struct Stdio : ::testing::Test {
  base::VirtualLoop loop;
  test::ScriptedSpawner spawner{loop};
  base::SeededRandom random{7};
  Observer observer;
  StdioBackend::Options options;
  std::unique_ptr<StdioBackend> backend;
  base::TaskGroup tasks{loop};
  std::optional<base::Result<core::ServerIdentity>> opened;

  void make() {
    options.command.argv = {"server-files"};
    options.child.server = "files";
    options.child.gateway_info = R"({"name":"weir"})";
    backend = std::make_unique<StdioBackend>(loop, spawner, random, options, &observer);
  }
  static base::Task<void> store(core::Backend& b, std::optional<base::Result<core::ServerIdentity>>& into) {
    auto identity = co_await b.open();
    into.emplace(std::move(identity));
  }
  void open() {
    opened.reset();
    tasks.spawn(store(*backend, opened));
    loop.run();
  }
  void start() {
    make();
    open();
    ASSERT_TRUE(opened && *opened);
  }
  static base::Task<void> await(core::Backend& b, Waiting& waiting) {
    auto outcome = co_await b.handle(*waiting.call);
    waiting.outcome.emplace(std::move(outcome));
  }
  std::unique_ptr<Waiting> send(std::string params, mcp::Revision revision = mcp::kNewestLegacy,
                                std::string id = "1") {
    auto waiting = std::make_unique<Waiting>(loop);
    auto text = fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{}}})", id, params);
    waiting->call = test::call_of(std::move(text), revision, &waiting->sink);
    waiting->tasks.spawn(await(*backend, *waiting));
    return waiting;
  }
  std::unique_ptr<Waiting> echo(std::string text) {
    auto waiting =
        send(R"({"name":"echo","arguments":{"t":")" + text + R"("},"_meta":{"progressToken":"p"}})");
    loop.run();
    return waiting;
  }
  test::FakeProgram& program() { return spawner.last(); }
  void close(base::TimePoint deadline) {
    tasks.spawn(backend->close(deadline));
    loop.run();
  }
};

std::string progress(std::string token, int value) {
  auto const params = fmt::format(R"({{"progressToken":{},"progress":{}}})", token, value);
  return R"({"jsonrpc":"2.0","method":"notifications/progress","params":)" + params + "}";
}

TEST_F(Stdio, OpensAndSaysWhatItFound) {
  start();
  EXPECT_EQ((*opened)->revision, mcp::Revision::r2025_06_18);
  auto const status = backend->status();
  EXPECT_EQ(status.state, ServerState::ready);
  EXPECT_EQ(status.era, "2025-06-18");
  EXPECT_EQ(status.transport, "stdio");
  EXPECT_EQ(status.restarts, 0);
  EXPECT_EQ(observer.states, 2) << "starting, ready";
}

TEST_F(Stdio, AnswersThatComeOutOfOrderReachTheirOwnCallers) {  // T-40: every client uses the same id
  start();
  constexpr std::size_t kCalls = 1000;
  std::vector<std::unique_ptr<Waiting>> clients;
  for (std::size_t i = 0; i < kCalls; ++i) clients.push_back(echo(std::to_string(i)));
  std::vector<std::pair<std::string, std::string>> due;  // id, what was asked
  for (auto const& line : program().lines) {
    auto const message = test::message_of(line);
    if (message.method() != mcp::Method::tools_call) continue;
    due.emplace_back(message.raw(mcp::Field::id), message.raw(mcp::Field::arguments));
  }
  ASSERT_EQ(due.size(), kCalls);
  for (std::size_t i = due.size(); i > 1; --i) std::swap(due[i - 1], due[random.below(i)]);
  for (auto const& [id, asked] : due) {
    program().answer(id, asked);
    program().answer(id, R"({"late":true})");
    loop.run();
  }
  for (std::size_t i = 0; i < kCalls; ++i) {
    EXPECT_NE(clients[i]->answer().find(fmt::format(R"("result":{{"t":"{}"}})", i)), std::string::npos);
  }
}

TEST_F(Stdio, SendsPrettyPrintedRequestsAsOneLine) {  // P052
  start();
  auto const client = send("{\n  \"name\": \"a\\nb\"\r\n}");
  loop.run();
  EXPECT_EQ(program().lines.back(),
            "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{   \"name\": \"a\\nb\"  }}");
}

TEST_F(Stdio, TellsTheChildOfACancelledCallAndDropsItsLateAnswer) {
  start();
  auto client = echo("x");
  auto const id = program().id_of("tools/call");
  client.reset();
  loop.run();
  EXPECT_EQ(program().lines.back(),
            R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}");
  auto const other = echo("y");
  program().answer(id, "{}");
  loop.run();
  EXPECT_EQ(other->answer(), "waiting");
}

TEST_F(Stdio, DoesNotCancelWhatWasAnswered) {
  start();
  auto client = echo("x");
  program().answer(program().id_of("tools/call"), "{}");
  loop.run();
  auto const lines = program().lines.size();
  client.reset();
  loop.run();
  EXPECT_EQ(program().lines.size(), lines);
}

TEST_F(Stdio, RelaysProgressBeforeTheAnswerUnderTheClientsToken) {
  start();
  auto const client = echo("x");
  auto const id = program().id_of("tools/call");
  program().say(progress(id, 1));
  program().say(progress(id, 2));
  program().answer(id, "{}");
  program().say(progress(id, 3));
  loop.run();
  EXPECT_EQ(client->sink.seen, (std::vector<std::string>{progress("\"p\"", 1), progress("\"p\"", 2)}));
  EXPECT_NE(client->answer(), "waiting");
}

TEST_F(Stdio, ProgressMovesTheDeadlineOfACall) {
  start();
  auto const client = echo("x");
  client->call->deadline = loop.now() + 5s;
  client->call->deadline_latest = loop.now() + 100s;
  client->call->extend_by = 5s;
  loop.advance(4s);
  program().say(progress(program().id_of("tools/call"), 1));
  loop.run();
  EXPECT_EQ(client->call->deadline, loop.now() + 5s);
}

TEST_F(Stdio, ASlowReaderIsBoundedAndHoldsUpTheOthersOnlyOnce) {
  start();
  auto const slow = echo("slow");
  auto const id = program().id_of("tools/call");
  auto const other = echo("other");
  slow->sink.close();
  int written = 0;
  std::string rest;
  for (int i = 1; i <= 10'000; ++i) {  // far more than pipe and queue hold
    rest += progress(id, i) + "\n";
  }
  rest += R"({"jsonrpc":"2.0","id":)" + program().id_of("tools/call", 1) + R"(,"result":{"other":1}})" + "\n";
  while (!rest.empty() && written < 1000) {
    rest = program().say_raw(std::move(rest));
    loop.advance(10ms);
    ++written;
  }
  EXPECT_TRUE(rest.empty()) << "one stall of a second, then the child's output flows";
  EXPECT_GT(written, 90) << "but it did wait for the slow reader";
  EXPECT_NE(other->answer().find(R"("other":1)"), std::string::npos);
  slow->sink.open();
  loop.run();
  EXPECT_LE(slow->sink.seen.size(), options.child.channel.notes_max + 2);
  EXPECT_GE(slow->sink.seen.size(), options.child.channel.notes_max);
}

TEST_F(Stdio, ABurstLosesNothingForAReaderThatKeepsUp) {
  start();
  auto const client = echo("x");
  auto const id = program().id_of("tools/call");
  std::string burst;
  for (int i = 1; i <= 500; ++i) burst += progress(id, i) + "\n";
  EXPECT_EQ(program().say_raw(burst), "");
  loop.run();
  EXPECT_EQ(client->sink.seen.size(), 500U);
}

TEST_F(Stdio, AChildThatDoesNotReadHoldsBackCallersAndGetsWholeLines) {  // P052
  spawner.pipe_bytes = 400;
  start();
  program().reading = false;
  std::string const big(3000, 'b');
  auto first = echo(big);
  auto second = echo("second");
  auto third = echo("third");
  second.reset();  // never sent: nothing to cancel
  first.reset();   // half sent: its line is finished, then cancelled
  loop.run();
  EXPECT_EQ(third->answer(), "waiting");
  auto const before = program().lines.size();
  spawner.read_again(program());
  loop.run();
  auto const& lines = program().lines;
  ASSERT_EQ(lines.size(), before + 3);
  EXPECT_NE(lines[before].find(big), std::string::npos);
  EXPECT_NE(lines[before + 1].find("notifications/cancelled"), std::string::npos);
  EXPECT_NE(lines[before + 2].find("third"), std::string::npos);
  for (auto const& line : lines) EXPECT_TRUE(mcp::decode(line).has_value()) << line;
}

TEST_F(Stdio, DeathFailsEveryCallInFlightAndTheServerComesBack) {  // acceptance row 31
  start();
  auto const a = echo("a");
  auto const b = echo("b");
  program().complain("warming up\nTypeError: x is not a function\n");
  program().exit({.code = 70});
  loop.run();
  EXPECT_EQ(a->answer(), "connection_lost: exit 70: \"TypeError: x is not a function\"");
  EXPECT_EQ(a->outcome->error().retry, base::Retry::never);
  EXPECT_EQ(b->answer(), a->answer());
  EXPECT_EQ(backend->status().state, ServerState::starting);
  auto const c = echo("c");
  EXPECT_EQ(c->answer(), "waiting") << "for the restart";
  loop.advance(100ms);
  program().answer(program().id_of("tools/call"), R"({"c":1})");
  loop.run();
  EXPECT_NE(c->answer().find(R"({"c":1})"), std::string::npos);
  EXPECT_EQ(backend->status().restarts, 1);
  EXPECT_EQ(backend->status().last_stderr, "warming up\nTypeError: x is not a function");
}

TEST_F(Stdio, GivesUpAfterItsAttemptsAndTriesAgainWhenAsked) {
  spawner.handshake = Handshake::broken;
  make();
  open();
  ASSERT_TRUE(opened && !*opened);
  EXPECT_EQ(opened->error().detail, "exit 1: \"DATABASE_URL is not set\" (attempt 1/5)");
  loop.advance(10s);
  EXPECT_EQ(backend->status().state, ServerState::failed);
  EXPECT_EQ(backend->status().cause, "exit 1: \"DATABASE_URL is not set\" (attempt 5/5)");
  auto const programs = spawner.programs.size();
  auto const early = echo("x");
  EXPECT_EQ(early->answer(), "unavailable: exit 1: \"DATABASE_URL is not set\" (attempt 5/5)");
  EXPECT_EQ(spawner.programs.size(), programs) << "no start per call";
  loop.advance(30s);
  EXPECT_EQ(spawner.programs.size(), programs) << "nobody asked";
  auto const still = echo("x");
  EXPECT_EQ(still->answer(), early->answer());
  loop.advance(30s);
  spawner.handshake = Handshake::legacy;
  auto const later = echo("x");
  EXPECT_EQ(later->answer(), "waiting");
  EXPECT_EQ(backend->status().state, ServerState::ready);
}

TEST_F(Stdio, AServerThatDiesAfterEveryStartIsNotStartedFasterBecauseItIsOpenedAgain) {
  start();
  for (int i = 0; i < 1000; ++i, loop.advance(100ms)) {  // the catalogue opens again whatever went away
    program().exit({.code = 0});
    open();
  }
  EXPECT_LE(spawner.programs.size(), 2U + 5U + 3U) << "sibling, attempts_max, then one per wait_max";
}

TEST_F(Stdio, ACallWaitsForAStartingServerAndThenSaysSo) {
  spawner.handshake = Handshake::none;
  make();
  auto const client = echo("x");
  client->call->deadline_latest = loop.now() + 600s;
  loop.advance(30s - 1ms);
  EXPECT_EQ(client->answer(), "waiting");
  loop.advance(1ms);
  EXPECT_EQ(client->answer().substr(0, 9), "starting:");
  EXPECT_EQ(client->outcome->error().retry, base::Retry::always);
}

TEST_F(Stdio, WaitingForAStartDoesNotUseUpTheCallsOwnTime) {  // R-090
  spawner.handshake = Handshake::legacy_silent;
  make();
  auto waiting = std::make_unique<Waiting>(loop);
  waiting->call = test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})",
                                mcp::kNewestLegacy, &waiting->sink);
  waiting->call->deadline = loop.now() + 5s;
  waiting->call->deadline_latest = loop.now() + 600s;
  waiting->tasks.spawn(await(*backend, *waiting));
  loop.advance(9s);
  EXPECT_GT(waiting->call->deadline, loop.now());
  loop.advance(2s);
  EXPECT_EQ(backend->status().state, ServerState::ready);
  EXPECT_EQ(waiting->call->deadline, loop.now() - 1s + 5s) << "ready one second ago";
}

TEST_F(Stdio, AFloodOfNoiseEndsTheChild) {
  options.child.lines.noise_lines_max = 10;
  start();
  auto const client = echo("x");
  for (int i = 0; i < 10; ++i) program().say("Listening on port 3000 …");
  loop.run();
  EXPECT_EQ(client->answer(), "waiting");
  program().say("npm WARN");
  loop.run();
  EXPECT_EQ(client->answer(), "connection_lost: more than 10 lines on stdout that are no MCP messages");
}

TEST_F(Stdio, ALineOverTheBoundFailsItsOwnCallOnly) {
  options.child.lines.line_bytes_max = 1000;
  start();
  auto const big = echo("big");
  auto const small = echo("small");
  program().answer(program().id_of("tools/call", 0), "{\"a\":\"" + std::string(1000, 'x') + "\"}");
  program().answer(program().id_of("tools/call", 1), "{\"b\":1}");
  loop.run();
  EXPECT_EQ(big->answer(), "too_large: a line of more than 1000 bytes from the server");
  EXPECT_NE(small->answer().find("{\"b\":1}"), std::string::npos);
}

TEST_F(Stdio, AnAnswerThatIsNoMessageFailsItsOwnCallOnly) {
  start();
  auto const client = echo("x");
  program().say(R"({"jsonrpc":"2.0","id":)" + program().id_of("tools/call") + R"(,"result":7})");
  loop.run();
  EXPECT_EQ(client->answer().substr(0, 9), "protocol:");
  EXPECT_EQ(backend->status().state, ServerState::ready);
}

TEST_F(Stdio, UnderstandsBatchesOfOldServers) {  // P023
  start();
  auto const client = echo("x");
  auto const id = program().id_of("tools/call");
  program().say("[" + progress(id, 1) + R"(,{"jsonrpc":"2.0","id":)" + id + R"(,"result":{"b":1}}])");
  loop.run();
  EXPECT_NE(client->answer().find("{\"b\":1}"), std::string::npos);
  EXPECT_EQ(client->sink.seen.size(), 1U);
}

TEST_F(Stdio, AnswersPingsAndTellsOfChangedLists) {  // P087
  start();
  program().say(R"({"jsonrpc":"2.0","id":"q","method":"ping"})");
  program().say(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  program().say(R"({"jsonrpc":"2.0","method":"notifications/resources/list_changed"})");
  loop.run();
  EXPECT_EQ(program().lines.back(), R"({"jsonrpc":"2.0","id":"q","result":{}})");
  EXPECT_EQ(observer.lists, "tools/list resources/list resources/templates/list ");
}

TEST_F(Stdio, ListensToAModernServerAgainAfterEveryRestart) {  // P054
  spawner.handshake = Handshake::modern;
  start();
  EXPECT_NE(program().id_of("subscriptions/listen"), "");
  program().exit({.code = 1});
  loop.advance(100ms);
  EXPECT_EQ(backend->status().state, ServerState::ready);
  EXPECT_NE(program().id_of("subscriptions/listen"), "");
  observer.lists.clear();
  program().answer(program().id_of("subscriptions/listen"), R"({"resultType":"complete"})");
  loop.advance(1s);
  EXPECT_NE(observer.lists, "") << "changes may have been missed (P071)";
  EXPECT_NE(program().id_of("subscriptions/listen", 1), "");
}

TEST_F(Stdio, AModernCallReachesAServerOfEitherEra) {
  for (auto const handshake : {Handshake::legacy, Handshake::modern}) {
    spawner.handshake = handshake;
    start();
    auto const client = send(
        R"({"name":"x","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})", mcp::kNewest);
    loop.run();
    program().answer(program().id_of("tools/call"), "{}");
    loop.run();
    EXPECT_NE(client->answer().find(R"({"resultType":"complete"})"), std::string::npos);
  }
}

TEST_F(Stdio, AsksOnBehalfOfTheGateway) {
  start();
  std::optional<base::Result<mcp::Message>> answer;
  auto const ask = [](core::Backend& b, std::optional<base::Result<mcp::Message>>& into) -> base::Task<void> {
    auto result = co_await b.ask(mcp::Method::tools_list, R"({"cursor":"x"})");
    into.emplace(std::move(result));
  };
  tasks.spawn(ask(*backend, answer));
  loop.run();
  EXPECT_NE(program().lines.back().find(R"("method":"tools/list","params":{"cursor":"x"})"),
            std::string::npos);
  program().answer(program().id_of("tools/list"), R"({"tools":[]})");
  loop.run();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((**answer).raw(mcp::Field::tools), "[]");
}

TEST_F(Stdio, ClosesStdinThenAsksThenKills) {  // P053
  start();
  program().stubborn = program().immune = true;
  auto const client = echo("x");
  close(loop.now() + 10s);
  EXPECT_FALSE(program().stdin_ended) << "the call may finish in 5.5 s: the rest is for the end";
  loop.advance(5500ms);
  EXPECT_EQ(client->answer(), "unavailable: the server is being stopped");
  EXPECT_TRUE(program().stdin_ended);
  loop.advance(2s - 1ms);
  EXPECT_TRUE(program().signals.empty());
  loop.advance(1ms);
  EXPECT_EQ(program().signals, std::vector<std::string>{"TERM"});
  loop.advance(2s - 1ms);
  EXPECT_TRUE(program().running());
  loop.advance(1ms);
  EXPECT_EQ(program().signals, (std::vector<std::string>{"TERM", "KILL"}));
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(backend->status().state, ServerState::stopped);
}

TEST_F(Stdio, ClosesBehindTheCallsInFlight) {
  start();
  auto const client = echo("x");
  close(loop.now() + 10s);
  EXPECT_TRUE(program().running());
  program().answer(program().id_of("tools/call"), R"({"c":1})");
  loop.run();
  EXPECT_NE(client->answer().find(R"({"c":1})"), std::string::npos);
}

TEST_F(Stdio, ClosesWithinItsDeadline) {
  start();
  program().stubborn = program().immune = true;
  close(loop.now() + 1s);
  loop.advance(1s);
  EXPECT_FALSE(program().running());
  EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(Stdio, DestroyingItKillsTheChild) {
  start();
  backend.reset();
  EXPECT_FALSE(program().running());
}

TEST_F(Stdio, NothingIsLeftAfterACancelAtAnyPointOfACall) {  // fail at every step
  for (int step = 0; step < 4; ++step) {
    start();
    auto client = send(R"({"name":"x","_meta":{"progressToken":1}})");
    if (step > 0) loop.run();
    if (step > 1) program().say(progress(program().id_of("tools/call"), 1));
    if (step > 2) loop.run();
    client.reset();
    auto const next = echo("next");
    program().answer(program().id_of("tools/call", 1), R"({"n":1})");
    loop.run();
    EXPECT_NE(next->answer().find(R"({"n":1})"), std::string::npos) << step;
    close(loop.now() + 10s);
    EXPECT_EQ(tasks.size(), 0U);
  }
}

}  // namespace
}  // namespace weir::upstream
