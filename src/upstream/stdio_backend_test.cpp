#include "upstream/stdio_backend_test.hpp"

namespace weir::upstream {
namespace {

TEST_F(Stdio, OpensAndSaysWhatItFound) {
  start();
  EXPECT_EQ((*opened)->revision, mcp::Revision::r2025_06_18);
  auto const status = backend->status();
  EXPECT_EQ(status.state, ServerState::ready);
  EXPECT_EQ(status.era, "2025-06-18");
  EXPECT_EQ(status.transport, "stdio");
  EXPECT_EQ(status.restarts, 0);
  EXPECT_EQ(status.pid, 2) << "the program, not who looks after it";
  EXPECT_EQ(observer.states, 2) << "starting, ready";
  program().exit({.code = 1});
  loop.run();
  EXPECT_EQ(backend->status().pid, 0);
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

TEST_F(Stdio, AFloodOfNoiseEndsTheChild) {
  options.child.lines.noise_lines_max = 10;
  start();
  auto const client = echo("x");
  for (int i = 0; i < 10; ++i) program().say("Listening on port 3000 …");
  loop.run();
  EXPECT_EQ(client->answer(), "waiting");
  program().say("npm WARN");
  loop.run();
  EXPECT_EQ(
      client->answer(),
      "connection_lost: more than 10 lines on stdout that are no MCP messages, the first \"Listening on "
      "port 3000 …\": programs may write only JSON messages there, logs go to stderr");
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

// P068: one child, one level; every caller has its own.
TEST_F(Stdio, TheLevelOfAChildIsTheMostVerboseThatAnybodyWanted) {
  spawner.capabilities = R"({"tools":{},"logging":{}})";
  start();
  auto const levels = [this] {
    std::string out;
    for (auto const& line : program().lines) {
      auto const message = test::message_of(line);
      if (message.method() == mcp::Method::logging_set_level) out += message.raw(mcp::Field::level);
    }
    return out;
  };
  auto const call = [this](std::string const& level) {
    auto waiting =
        send(R"({"name":"t","_meta":{"io.modelcontextprotocol/logLevel":")" + level + R"("}})", mcp::kNewest);
    loop.run();
    return waiting;
  };
  std::vector<std::unique_ptr<Waiting>> calls;
  calls.push_back(call("warning"));
  calls.push_back(call("error"));
  calls.push_back(call("info"));
  EXPECT_EQ(levels(), R"("warning""info")");
  EXPECT_EQ(program().lines.back().find("logging"), std::string::npos) << "the level goes before the call";
  auto const set = [this](std::string const& level) {
    auto waiting = std::make_unique<Waiting>(loop);
    waiting->call = test::call_of(
        R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":")" + level + R"("}})",
        mcp::kNewestLegacy, &waiting->sink);
    waiting->tasks.spawn(await(*backend, *waiting));
    loop.run();
    return waiting;
  };
  EXPECT_NE(set("emergency")->answer().find(R"("result":{})"), std::string::npos) << "answered here";
  auto const more = set("debug");
  EXPECT_EQ(more->answer(), "waiting");
  EXPECT_EQ(levels(), R"("warning""info""debug")");
}

}  // namespace
}  // namespace weir::upstream
