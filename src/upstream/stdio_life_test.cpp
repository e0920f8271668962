#include "upstream/stdio_backend_test.hpp"

namespace weir::upstream {
namespace {

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
  EXPECT_EQ(restarts.of("exit").value(), 1);  // ruling 12
  EXPECT_EQ(restarts.of("start_failed").value(), 0);
  EXPECT_EQ(backend->status().last_stderr, "warming up\nTypeError: x is not a function");
}

TEST_F(Stdio, ASessionWithALegacyProgramLastsFromItsHandshakeToItsEnd) {
  auto const lasted = [this](std::string const& what) {
    return metrics.render().find("mcp_client_session_duration_seconds_" + what) != std::string::npos;
  };
  std::string const labels = R"({mcp_protocol_version="2025-06-18",network_transport="pipe"} )";
  start();
  loop.advance(40s);
  EXPECT_TRUE(lasted("count" + labels + "0\n")) << "it goes on";
  program().exit({.code = 1});
  loop.run();
  EXPECT_TRUE(lasted("count" + labels + "1\n"));
  EXPECT_TRUE(lasted("sum" + labels + "40\n"));
}

TEST_F(Stdio, NoSessionIsMeasuredWithAModernProgram) {
  spawner.handshake = Handshake::modern;
  start();
  program().exit({.code = 1});
  loop.run();
  auto const text = metrics.render();
  for (auto at = text.find("client_session_duration_seconds_count{"); at != std::string::npos;
       at = text.find("client_session_duration_seconds_count{", at + 1)) {
    EXPECT_EQ(text.substr(text.find(' ', at), 3), " 0\n");
  }
}

TEST_F(Stdio, GivesUpAfterItsAttemptsAndTriesAgainWhenAsked) {
  spawner.handshake = Handshake::broken;
  make();
  open();
  ASSERT_TRUE(opened && !*opened);
  EXPECT_EQ(opened->error().detail, "exit 1: \"DATABASE_URL is not set\" (attempt 1/5)");
  loop.advance(10s);
  EXPECT_EQ(backend->status().state, ServerState::failed);
  EXPECT_EQ(restarts.of("start_failed").value(), 4);
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

// Such a call may be asked of another server; one that was under way when the server ended may not.
TEST_F(Stdio, ACallThatFindsNoServerIsKnownNotToHaveBeenSent_F53) {
  start();
  auto const under_way = echo("a");
  spawner.handshake = Handshake::broken;
  program().exit({.code = 1});
  loop.run();
  EXPECT_EQ(under_way->outcome->error().retry, base::Retry::never);
  auto const waiting = echo("b");
  EXPECT_EQ(waiting->answer(), "waiting");
  loop.advance(10s);
  auto const late = echo("c");
  for (auto const* client : {waiting.get(), late.get()}) {
    EXPECT_EQ(client->answer(), "unavailable: exit 1: \"DATABASE_URL is not set\" (attempt 5/5)");
    EXPECT_EQ(client->outcome->error().blame, base::Blame::upstream);
    EXPECT_EQ(client->outcome->error().retry, base::Retry::always);
  }
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
  loop.advance(1200ms);
  EXPECT_NE(observer.lists, "") << "changes may have been missed (P071)";
  EXPECT_NE(program().id_of("subscriptions/listen", 1), "");
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

TEST_F(Stdio, ACallThatComesAfterTheEndStartsNothing) {
  start();
  close(loop.now() + 10s);
  loop.run();
  auto const children = spawner.programs.size();
  auto const client = echo("x");
  loop.advance(1min);
  EXPECT_EQ(spawner.programs.size(), children);
  EXPECT_EQ(client->answer(), "unavailable: closed");
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

}  // namespace
}  // namespace weir::upstream
