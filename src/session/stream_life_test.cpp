#include "session/stream_life.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "session/live_stream.hpp"
#include "session/peer_progress.hpp"

namespace weir::session {
namespace {

using namespace std::chrono_literals;
using State = StreamState;

StreamLife& in_state(StreamLife& life, State state) {
  if (state >= State::active) life.activate();
  if (state >= State::closing) life.begin_close(StreamEnd::done);
  if (state == State::closed) life.finish();
  return life;
}

TEST(StreamLife, TheTransitionTableHasNoWayBack) {  // F-66
  for (auto const from : {State::connecting, State::active, State::closing, State::closed}) {
    StreamLife opened, ended, finished;
    EXPECT_EQ(in_state(opened, from).activate(), from == State::connecting);
    EXPECT_EQ(opened.state(), from == State::connecting ? State::active : from);
    bool const open = from == State::connecting || from == State::active;
    EXPECT_EQ(in_state(ended, from).begin_close(StreamEnd::stale), open ? from : State::closed);
    EXPECT_EQ(ended.state(), open ? State::closing : from);
    EXPECT_EQ(in_state(finished, from).finish(), from == State::closing);
    EXPECT_EQ(finished.state(), from == State::closing ? State::closed : from);
  }
}

TEST(StreamLife, TheFirstReasonStands) {
  StreamLife life;
  life.activate();
  life.begin_close(StreamEnd::slow_reader);
  life.begin_close(StreamEnd::shutdown);
  life.finish();
  EXPECT_EQ(life.why(), StreamEnd::slow_reader);
}

TEST(StreamLife, SixtyFourThreadsCloseOnce) {
  for (int round = 0; round < 50; ++round) {
    observe::Metrics metrics{{}};
    auto const& counted = metrics.gateway().legacy_streams;
    std::atomic<int> first{0};
    {
      LiveStream stream(counted);
      std::vector<std::thread> threads;
      for (int i = 0; i < 64; ++i) {
        threads.emplace_back([&, i] {
          if (i == 7) stream.activate();
          if (stream.begin_close(StreamEnd::session_over)) ++first;
        });
      }
      for (auto& thread : threads) thread.join();
      EXPECT_FALSE(stream.open());
      EXPECT_EQ(counted.closing.value(), 1);
    }
    EXPECT_EQ(first, 1);
    EXPECT_EQ(counted.connecting.value() + counted.active.value() + counted.closing.value(), 0);
    EXPECT_EQ(counted.open.value(), 0);
    EXPECT_EQ(counted.events.of("closed").value(), 1);
    EXPECT_EQ(counted.closed.of("session_over").value(), 1);
  }
}

TEST(PeerProgress, AnIdleStreamIsHealthyForEver) {  // F-58
  base::TimePoint const start{};
  PeerProgress peer(start);
  EXPECT_FALSE(peer.is_stale(100, 0, 5min, start + 24h));
}

TEST(PeerProgress, OwnWritesAreNoSignOfLife) {  // F-58
  base::TimePoint const start{};
  PeerProgress peer(start);
  EXPECT_FALSE(peer.is_stale(100, 40, 5min, start));
  EXPECT_FALSE(peer.is_stale(103, 43, 5min, start + 4min));
  EXPECT_FALSE(peer.is_stale(106, 46, 5min, start + 5min - 1ms));
  EXPECT_TRUE(peer.is_stale(109, 49, 5min, start + 5min));
}

TEST(PeerProgress, OneAcknowledgedByteIsASignOfLife) {
  base::TimePoint const start{};
  PeerProgress peer(start);
  peer.is_stale(100, 40, 5min, start);
  EXPECT_FALSE(peer.is_stale(100, 39, 5min, start + 4min));
  EXPECT_FALSE(peer.is_stale(100, 39, 5min, start + 8min));
  EXPECT_TRUE(peer.is_stale(100, 39, 5min, start + 9min));
}

}  // namespace
}  // namespace weir::session
