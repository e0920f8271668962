#include "session/outbox.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"

namespace weir::session {
namespace {

using namespace std::chrono_literals;

struct World {
  explicit World(StreamLimits limits = {}) {
    shelf->set_limits(limits);
    outbox = std::make_shared<Outbox>(shelf);
  }
  Outbox::Reading reader() {
    return std::make_shared<Outbox::Reader>(loop, metrics.gateway().legacy_streams);
  }
  void post(std::string text) { outbox->post(std::move(text), loop.now()); }
  std::string read(Outbox::Reading const& by) {
    std::string all;
    while (auto event = outbox->next(*by)) all += event->id + '=' + event->json + ' ';
    return all;
  }
  double held() { return metrics.gateway().replay_bytes.value(); }

  observe::Metrics metrics{{}};
  base::VirtualLoop loop;
  std::shared_ptr<ReplayShelf> shelf = std::make_shared<ReplayShelf>(metrics.gateway().replay_bytes);
  std::shared_ptr<Outbox> outbox;
};

TEST(Outbox, KeepsWhatNobodyReadsYetForTheFirstReader) {
  World world;
  world.post("a");
  auto const reader = world.reader();
  ASSERT_TRUE(world.outbox->attach(reader));
  world.post("b");
  EXPECT_EQ(world.read(reader), "1.1=a 1.2=b ");
}

TEST(Outbox, ResumingReplaysWhatCameLaterOnThatStreamOnly) {  // P048
  World world;
  auto const call = world.reader(), own = world.reader();
  world.outbox->open(call);
  world.outbox->attach(own);
  EXPECT_EQ(world.outbox->append(*call, "x", world.loop.now()), "2.1");
  world.post("a");
  EXPECT_EQ(world.read(own), "1.1=a ");
  EXPECT_EQ(world.outbox->append(*call, "y", world.loop.now()), "2.2");
  auto const again = world.reader();
  ASSERT_TRUE(world.outbox->resume(again, "2.1", world.loop.now()));
  EXPECT_EQ(world.read(again), "2.2=y ");
  EXPECT_FALSE(world.outbox->append(*call, "z", world.loop.now())) << "it is somebody else's now (P047)";
  EXPECT_EQ(world.read(again), "2.3=z ");
  EXPECT_FALSE(world.outbox->finished(*again));
  world.outbox->end(*call);
  EXPECT_TRUE(world.outbox->finished(*again));
}

TEST(Outbox, AStreamThatHasEndedCanBeReadAgain) {
  World world;
  auto const call = world.reader();
  world.outbox->open(call);
  world.outbox->append(*call, "answer", world.loop.now());
  world.outbox->end(*call);
  auto const again = world.reader();
  ASSERT_TRUE(world.outbox->resume(again, "2.0", world.loop.now()));
  EXPECT_EQ(world.read(again), "2.1=answer ");
  EXPECT_TRUE(world.outbox->finished(*again));
}

TEST(Outbox, WrongIdsAreRefused) {
  World world;
  world.post("a");
  for (auto const* id : {"", "1", "1.", ".1", "1.2", "2.0", "1.-1", "1.1 ", "a.b", "1.99999999999", "-1.0"}) {
    EXPECT_FALSE(world.outbox->resume(world.reader(), id, world.loop.now())) << id;
  }
  EXPECT_TRUE(world.outbox->resume(world.reader(), "1.1", world.loop.now()));
}

TEST(Outbox, ANewReaderReplacesTheOldOneWhichTakesNothingWithIt) {  // F-65
  World world;
  auto const before = world.reader(), after = world.reader();
  world.outbox->attach(before);
  world.outbox->attach(after);
  EXPECT_EQ(before->live.why(), StreamEnd::replaced);
  world.outbox->leave(*before);
  world.post("a");
  world.loop.run();
  EXPECT_TRUE(after->news.is_set());
  EXPECT_EQ(world.read(after), "1.1=a ");
}

TEST(Outbox, AReaderThatFallsBehindIsClosedAndOneThatDoesNotIsNot) {  // F-62
  World world({.replay_bytes = 1000, .replay_age = 1h, .buffer_bytes = 100});
  auto const reader = world.reader();
  world.outbox->attach(reader);
  world.post(std::string(100, 'a'));
  EXPECT_TRUE(reader->live.open());
  world.read(reader);
  world.post(std::string(60, 'b'));
  world.post(std::string(60, 'c'));
  EXPECT_EQ(reader->live.why(), StreamEnd::slow_reader);
}

TEST(Outbox, TheBufferIsBoundedByBytes) {
  World world({.replay_bytes = 1000, .replay_age = 1h, .buffer_bytes = 100});
  for (int i = 0; i < 100; ++i) world.post(std::string(104, 'a'));
  EXPECT_EQ(world.held(), 1000);
  EXPECT_FALSE(world.outbox->resume(world.reader(), "1.94", world.loop.now()));
  EXPECT_TRUE(world.outbox->resume(world.reader(), "1.95", world.loop.now()));
}

TEST(Outbox, TheBufferIsBoundedByAgeWithoutAnybodyAsking) {
  World world({.replay_bytes = 1000, .replay_age = 5min, .buffer_bytes = 100});
  world.post("a");
  world.loop.advance(4min);
  world.post("b");
  world.loop.advance(1min - 1ms);
  world.shelf->forget(world.loop.now(), 10);
  EXPECT_EQ(world.held(), 2 * (1 + EventLog::kEventCost));
  world.loop.advance(1ms);
  world.shelf->forget(world.loop.now(), 10);
  EXPECT_EQ(world.held(), 1 + EventLog::kEventCost);
  world.loop.advance(4min);
  world.shelf->forget(world.loop.now(), 10);
  EXPECT_EQ(world.held(), 0);
}

TEST(Outbox, WithReplayOffReadersStillGetWhatIsNew) {
  World world({.replay_bytes = 0, .replay_age = 5min, .buffer_bytes = 1000});
  auto const reader = world.reader();
  world.outbox->attach(reader);
  world.post("a");
  EXPECT_EQ(world.read(reader), "1.1=a ");
  EXPECT_FALSE(world.outbox->resume(world.reader(), "1.1", world.loop.now()));
}

TEST(Outbox, WithReplayOffNothingStaysOnceItWasRead) {
  World world({.replay_bytes = 0, .replay_age = 5min, .buffer_bytes = 1000});
  auto const call = world.reader(), own = world.reader();
  world.outbox->open(call);
  world.outbox->attach(own);
  world.outbox->append(*call, "x", world.loop.now());
  EXPECT_EQ(world.held(), 0) << "it wrote that itself";
  world.post("a");
  EXPECT_GT(world.held(), 0);
  world.read(own);
  EXPECT_EQ(world.held(), 0);
}

TEST(Outbox, WhatAReaderHasNotReadYetIsNotTooOld) {
  World world({.replay_bytes = 1000, .replay_age = 0s, .buffer_bytes = 1000});
  auto const reader = world.reader();
  world.outbox->attach(reader);
  world.post("a");
  world.loop.advance(1h);
  world.shelf->forget(world.loop.now(), 10);
  world.post("b");
  EXPECT_EQ(world.read(reader), "1.1=a 1.2=b ");
  EXPECT_TRUE(reader->live.open());
}

TEST(Outbox, ALargeEventReachesAReaderThatReadsOn) {
  World world({.replay_bytes = 1000, .replay_age = 1h, .buffer_bytes = 100});
  auto const call = world.reader(), again = world.reader();
  world.outbox->open(call);
  world.post("kept");
  ASSERT_TRUE(world.outbox->resume(again, "2.0", world.loop.now()));
  std::string const large(5000, 'x');
  EXPECT_FALSE(world.outbox->append(*call, large, world.loop.now()));
  EXPECT_TRUE(again->live.open()) << "nothing waited for it before";
  EXPECT_EQ(world.read(again), "2.1=" + large + ' ');
  EXPECT_EQ(world.held(), 4 + EventLog::kEventCost) << "the others' events stay, the large one goes";
}

TEST(Outbox, ALargeEventThatIsWrittenAtOncePushesNothingOut) {
  World world({.replay_bytes = 1000, .replay_age = 1h, .buffer_bytes = 100});
  auto const call = world.reader();
  world.outbox->open(call);
  world.post("kept");
  EXPECT_EQ(world.outbox->append(*call, std::string(904, 'x'), world.loop.now()), "2.1") << "just fits";
  EXPECT_TRUE(world.outbox->resume(world.reader(), "2.0", world.loop.now()));
  World other({.replay_bytes = 1000, .replay_age = 1h, .buffer_bytes = 100});
  auto const more = other.reader();
  other.outbox->open(more);
  other.post("kept");
  EXPECT_EQ(other.outbox->append(*more, std::string(905, 'x'), other.loop.now()), "2.1");
  EXPECT_FALSE(other.outbox->resume(other.reader(), "2.0", other.loop.now()));
  auto const own = other.reader();
  other.outbox->attach(own);
  EXPECT_EQ(other.read(own), "1.1=kept ");
}

TEST(Outbox, AttachingGoesOnWithTheOldestEventThatIsStillHere) {
  World world({.replay_bytes = 200, .replay_age = 1h, .buffer_bytes = 100});
  for (auto const* text : {"a", "b", "c"}) world.post(text);
  auto const reader = world.reader();
  world.outbox->attach(reader);
  EXPECT_EQ(world.read(reader), "1.2=b 1.3=c ");
}

TEST(Outbox, TheLastWordsOfACallGoToItsReaderWhenTheSessionEnds) {
  World world;
  auto const call = world.reader(), gone = world.reader();
  world.outbox->open(call);
  world.outbox->open(gone);
  gone->live.begin_close(StreamEnd::client_gone);
  world.outbox->close("ended");
  EXPECT_EQ(world.outbox->append(*call, "over", world.loop.now()), "2.1");
  EXPECT_FALSE(world.outbox->append(*gone, "over", world.loop.now()));
}

TEST(Outbox, ItsEndReachesEveryReaderAndTakesNoMore) {
  World world;
  auto const own = world.reader(), call = world.reader();
  world.outbox->attach(own);
  world.outbox->open(call);
  world.outbox->close("evicted");
  world.loop.run();
  EXPECT_EQ(own->live.why(), StreamEnd::session_over);
  EXPECT_EQ(call->live.why(), StreamEnd::session_over);
  EXPECT_TRUE(own->news.is_set());
  EXPECT_FALSE(world.outbox->post("a", world.loop.now()));
  EXPECT_FALSE(world.outbox->attach(world.reader()));
  EXPECT_EQ(world.outbox->why(), "evicted");
}

TEST(EventLog, RemembersSixtyFourStreamsThatHaveEnded) {
  EventLog log;
  for (EventLog::Stream i = 1; i <= 65; ++i) {
    EXPECT_EQ(log.open(), i);
    log.append(i, "a", {});
    log.end(i);
  }
  EXPECT_FALSE(log.complete_after(1, 0));
  EXPECT_TRUE(log.complete_after(2, 0));
  EXPECT_EQ(log.bytes(), 64 * (1 + EventLog::kEventCost));
}

}  // namespace
}  // namespace weir::session
