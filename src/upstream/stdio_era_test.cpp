#include "upstream/stdio_backend_test.hpp"

namespace weir::upstream {
namespace {

// P014: a legacy verdict expires, and a program that was updated on disk becomes modern.
struct StdioEra : Stdio {
  StdioEra() { options.verdict_max = 1h; }
  bool modern() const { return backend->status().era == "2026-07-28"; }
};

TEST_F(StdioEra, ALegacyProgramIsProbedAgainInASiblingAndGoesOn) {
  start();
  ASSERT_EQ(spawner.programs.size(), 2U) << "a sibling and the child";
  auto& child = program();
  auto const call = echo("a");
  loop.advance(48min - 1ms);
  EXPECT_EQ(spawner.programs.size(), 2U) << "not before four fifths of the time";
  loop.advance(12min + 1s);
  EXPECT_EQ(spawner.programs.size(), 3U);
  EXPECT_FALSE(spawner.last().running());
  EXPECT_TRUE(child.running());
  child.answer(child.id_of("tools/call"), R"({"a":1})");
  loop.run();
  EXPECT_NE(call->answer().find(R"({"a":1})"), std::string::npos);
  EXPECT_EQ(observer.eras, 0);
  EXPECT_FALSE(modern());
  loop.advance(1h);
  EXPECT_EQ(spawner.programs.size(), 4U) << "and again";
}

TEST_F(StdioEra, AModernSiblingTakesOverAndTheOldChildEndsAfterItsCalls) {
  start();
  auto const old = spawner.programs.back();
  auto const call = echo("a");
  spawner.handshake = Handshake::modern;
  loop.advance(1h);
  EXPECT_EQ(observer.eras, 1);
  EXPECT_TRUE(modern());
  EXPECT_TRUE(old->running()) << "it has a call";
  open();
  EXPECT_TRUE((**opened).modern());
  auto const next = echo("b");
  EXPECT_NE(spawner.last().id_of("tools/call"), "") << "at the new child";
  old->answer(old->id_of("tools/call"), R"({"a":1})");
  loop.run();
  EXPECT_NE(call->answer().find(R"({"a":1})"), std::string::npos);
  loop.advance(1s);
  EXPECT_FALSE(old->running());
  EXPECT_EQ(backend->status().state, ServerState::ready);
  auto const programs = spawner.programs.size();
  loop.advance(10h);
  EXPECT_EQ(spawner.programs.size(), programs) << "a modern verdict does not expire";
}

TEST_F(StdioEra, AProbeThatFailsChangesNothing) {
  start();
  auto& child = program();
  for (auto const broken : {Handshake::missing, Handshake::broken, Handshake::legacy_silent}) {
    spawner.handshake = broken;
    loop.advance(1h);
    EXPECT_TRUE(child.running());
    EXPECT_EQ(backend->status().state, ServerState::ready);
  }
  EXPECT_EQ(observer.eras, 0);
}

TEST_F(StdioEra, AChildThatDiesDuringTheProbeIsStartedAnewAtOnce) {
  start();
  spawner.handshake = Handshake::legacy_silent;  // its probe takes ten seconds
  auto const child = spawner.programs.back();
  while (spawner.programs.back() == child) loop.advance(1s);
  child->exit({.code = 1});
  loop.advance(1s);
  EXPECT_EQ(spawner.programs.size(), 4U);
  EXPECT_NE(spawner.last().id_of("initialize"), "") << "the verdict still holds";
}

TEST_F(StdioEra, ARestartAfterItsTimeProbesFirst) {
  start();
  spawner.handshake = Handshake::modern;
  program().exit({.code = 1});
  loop.advance(1s);
  EXPECT_NE(spawner.last().id_of("initialize"), "") << "young enough";
  program().exit({.code = 1});
  loop.advance(2h);
  open();
  EXPECT_TRUE(modern());
}

}  // namespace
}  // namespace weir::upstream
