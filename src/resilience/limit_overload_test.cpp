#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "resilience/deadline_layer.hpp"
#include "resilience/limit_layer.hpp"

// A server that works on so many calls at a time and lets the others wait, and clients that ask whether or
// not they are answered. Virtual time.
namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct QueueingServer final : core::Handler {
  QueueingServer(base::Scheduler& s, unsigned places) : scheduler(s), at_work(s, places) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    waits.push_back(scheduler.now() - call.started);
    if (forgets_each != 0 && ++calls % forgets_each == 0) {
      co_await scheduler.sleep_for(5s - (scheduler.now() - call.started));
      co_return base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer");
    }
    if (newest_first) {
      Turn turn(*this);
      if (std::exchange(busy, true)) co_await turn.comes.wait();
      turn.mine = true;
      co_await scheduler.sleep_for(takes);
      co_return core::from_result("{}");
    }
    auto const place = co_await at_work.acquire();
    co_await scheduler.sleep_for(takes);
    co_return core::from_result("{}");
  }
  // One call at a time, and the newest next.
  struct Turn {
    explicit Turn(QueueingServer& s) : comes(s.scheduler), server(s) { server.turns.push_back(this); }
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;
    ~Turn() {
      auto& turns = server.turns;
      turns.erase(std::find(turns.begin(), turns.end(), this));
      if (!mine) return;
      server.busy = !turns.empty();
      if (server.busy) {
        turns.back()->mine = true;
        turns.back()->comes.set();
      }
    }
    base::Event comes;
    QueueingServer& server;
    bool mine = false;
  };
  base::Scheduler& scheduler;
  base::Semaphore at_work;
  base::Duration takes{};
  bool newest_first = false, busy = false;
  std::vector<Turn*> turns;
  unsigned forgets_each = 0, calls = 0;
  std::vector<base::Duration> waits;  // before it was asked
};

struct Crowd {
  explicit Crowd(unsigned places, base::Duration tolerable = {})
      : server(std::make_shared<QueueingServer>(loop, places)),
        layer(std::make_shared<DeadlineLayer>(server, loop, "docs", DeadlineOptions{5s, 10min, {}}), loop,
              "docs", options(tolerable), {}) {}
  static LimitOptions options(base::Duration tolerable) {
    LimitOptions made;
    made.concurrency.tolerable = tolerable;
    return made;
  }

  base::Task<void> ask() {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})")));
    call.started = loop.now();
    call.extend_by = 5s;
    call.deadline = call.started + 5s;
    auto const outcome = co_await layer.handle(call);
    auto const took = loop.now() - call.started;
    if (outcome) {
      good.push_back(took);
    } else if (outcome.error().fault == base::Fault::busy) {
      refused.push_back(took);
    } else {
      ++late;
    }
  }
  // Calls come at random, `per_second` of them on average.
  void offer(double per_second, base::Duration for_long) {
    auto const end = loop.now() + for_long;
    while (loop.now() < end) {
      double const luck = (static_cast<double>(random.next() >> 11U) + 1) * 0x1p-53;
      loop.advance(base::Duration(static_cast<std::int64_t>(-std::log(luck) / per_second * 1e9)));
      tasks.spawn(ask());
      in_flight_most = std::max(in_flight_most, layer.in_flight());
      limit_most = std::max(limit_most, layer.limit());
    }
  }
  // One of those who ask again as soon as they have an answer, and a moment after they were refused.
  base::Task<void> ask_on_and_on(base::Duration pause) {
    for (;;) {
      auto const refused_before = refused.size();
      co_await ask();
      if (refused.size() != refused_before) co_await loop.sleep_for(pause);
    }
  }
  void forget() {
    good.clear();
    refused.clear();
    server->waits.clear();
    late = 0;
  }
  static base::Duration at_share(std::vector<base::Duration> of, double share) {
    if (of.empty()) return {};
    std::sort(of.begin(), of.end());
    return of[static_cast<std::size_t>(share * static_cast<double>(of.size() - 1))];
  }

  base::VirtualLoop loop;
  base::SeededRandom random{14};
  std::shared_ptr<QueueingServer> server;
  LimitLayer layer;
  std::vector<base::Duration> good, refused;
  unsigned late = 0, in_flight_most = 0, limit_most = 0;
  base::TaskGroup tasks{loop};
};

double ms(base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

// Nothing is tolerable but what is usual; or half of what a call has, as is configured by default.
class Tolerance : public ::testing::TestWithParam<base::Duration> {};
INSTANTIATE_TEST_SUITE_P(NoneOrHalf, Tolerance, ::testing::Values(0s, 2500ms));

TEST_P(Tolerance, AServerThatSlowsDownTwoHundredfoldKeepsItsGoodput) {  // T-14
  Crowd crowd(20, GetParam());
  crowd.server->takes = 10ms;
  crowd.offer(200, 5s);
  EXPECT_EQ(crowd.refused.size(), 0U);
  crowd.forget();
  crowd.server->takes = 2s;  // ten calls a second is all that it can do now
  crowd.offer(200, 5s);
  EXPECT_LE(crowd.layer.limit(), 40U) << "adapted";
  EXPECT_LE(Crowd::at_share(crowd.server->waits, .99), 200ms) << "while it adapts as well";
  crowd.offer(200, 5s);  // until the deadlines of those who were let in meanwhile are over
  crowd.forget();
  crowd.offer(200, 40s);
  double const goodput = static_cast<double>(crowd.good.size()) / 40;
  fmt::print(
      "T-14: {:.1f} of 10 calls/s, wait p99 {:.0f} ms, refused p50 {:.1f} p99 {:.1f} ms, late {}, limit {}\n",
      goodput, ms(Crowd::at_share(crowd.server->waits, .99)), ms(Crowd::at_share(crowd.refused, .5)),
      ms(Crowd::at_share(crowd.refused, .99)), crowd.late, crowd.layer.limit());
  EXPECT_GE(goodput, 9);
  EXPECT_LE(Crowd::at_share(crowd.server->waits, .99), 200ms);
  EXPECT_EQ(crowd.late, 0U);
}

TEST_P(Tolerance, AtFiveTimesItsCapacityTheServerWorksOnAndOthersLearnItAtOnce) {  // T-15
  Crowd crowd(20, GetParam());
  crowd.server->takes = 50ms;  // 400 calls a second
  crowd.offer(200, 3s);
  EXPECT_EQ(crowd.refused.size(), 0U);
  crowd.offer(2000, 1s);  // the crowd forms
  crowd.forget();
  crowd.offer(2000, 8s);
  double const goodput = static_cast<double>(crowd.good.size()) / 8;
  auto const slowest = Crowd::at_share(crowd.refused, 1);
  fmt::print(
      "T-15: {:.0f} of 400 calls/s, answer p99 {:.0f} ms, refused p50 {:.1f} max {:.1f} ms, late {}, limit "
      "{}\n",
      goodput, ms(Crowd::at_share(crowd.good, .99)), ms(Crowd::at_share(crowd.refused, .5)), ms(slowest),
      crowd.late, crowd.layer.limit());
  EXPECT_GE(goodput, 360);
  EXPECT_LT(slowest, 10ms);
  EXPECT_EQ(crowd.late, 0U);
  crowd.offer(200, 2s);  // recovers
  crowd.forget();
  crowd.offer(200, 5s);
  EXPECT_EQ(crowd.refused.size(), 0U);
  EXPECT_LE(Crowd::at_share(crowd.good, .99), 75ms);
}

// A gateway or a machine that is busy with others makes every answer late, however few calls are here: a
// limit that shrinks on that would refuse nearly everybody.
TEST(LimitOverload, AServerWhoseAnswersAreLateForAnotherReasonKeepsItsPlaces) {
  Crowd crowd(1000);
  crowd.server->takes = 10ms;
  crowd.offer(150, 5s);
  crowd.server->takes = 1s;  // 150 at once, which it has time for
  crowd.offer(150, 20s);
  crowd.forget();
  crowd.offer(150, 40s);
  fmt::print("late for another reason: {} refused of 6000, limit {}\n", crowd.refused.size(),
             crowd.layer.limit());
  EXPECT_EQ(crowd.refused.size(), 0U);
}

// Callers who wait for their answers, more of them than there are places at first. Whoever is refused comes
// again a moment later, and again: places that are taken away spare the server nothing and cost them all.
TEST(LimitOverload, CallersWhoWouldWaitAreLetInAsLongAsTheyAreAnsweredInTime) {
  for (auto const pause : {100ms, 1000ms}) {
    Crowd crowd(1, 2500ms);
    crowd.server->takes = 6ms;
    crowd.offer(20, 5s);
    crowd.server->forgets_each = 500;
    base::TaskGroup callers(crowd.loop);
    for (int i = 0; i < 250; ++i) {
      callers.spawn(crowd.ask_on_and_on(pause));
      crowd.loop.advance(1ms);
    }
    crowd.loop.advance(10s);
    crowd.forget();
    crowd.loop.advance(60s);
    auto const in_all = crowd.good.size() + crowd.refused.size();
    fmt::print("250 callers, pause {} ms: {:.1f} of 166 calls/s, refused {:.1f} %, p99 {:.0f} ms, limit {}\n",
               pause.count(), static_cast<double>(crowd.good.size()) / 60,
               100.0 * static_cast<double>(crowd.refused.size()) / static_cast<double>(in_all),
               ms(Crowd::at_share(crowd.good, .99)), crowd.layer.limit());
    EXPECT_GE(crowd.good.size(), 150U * 60);
    EXPECT_LE(crowd.refused.size(), in_all / 10);
    EXPECT_NEAR(crowd.late, static_cast<double>(crowd.good.size()) / 500, 5);
  }
}

// Little's law: 25 calls a second that never come back hold 125 places, in a server that has time for four
// times of what is asked.
TEST(LimitOverload, CallsThatTheServerForgetsTakeNobodysPlaceAndDoNotShrinkTheLimit) {
  Crowd crowd(20);
  crowd.server->takes = 10ms;
  crowd.server->forgets_each = 20;
  crowd.offer(500, 20s);
  EXPECT_EQ(crowd.refused.size(), 0U);
  EXPECT_NEAR(static_cast<double>(crowd.late), 20 * 500 / 20 - 125, 40);
  EXPECT_LE(Crowd::at_share(crowd.server->waits, .99), 50ms);
}

TEST(LimitOverload, ACrowdedServerThatLetsTheOldestWaitGetsNoMoreForIt) {
  Crowd crowd(1, 1s);
  crowd.server->newest_first = true;
  crowd.server->takes = 1ms;
  crowd.offer(500, 3s);
  crowd.offer(5000, 900ms);  // most of the first two hundred have been overtaken by more
  EXPECT_LE(crowd.in_flight_most, 250U) << "and not 200 more that have been overtaken";
}

TEST(LimitOverload, NoMoreThanTwoHundredForgottenCallsAreOverlooked) {
  Crowd crowd(20, 2500ms);
  crowd.server->takes = 10ms;
  crowd.server->forgets_each = 4;
  crowd.offer(500, 20s);  // 125 a second, 625 at once if all were let in
  EXPECT_LE(crowd.in_flight_most, crowd.limit_most + LimitLayer::kLostMost);
  EXPECT_GT(crowd.in_flight_most, LimitLayer::kLostMost);
}

TEST(LimitOverload, RefusalsInTheTurmoilAreBoundedToo) {
  Crowd crowd(20);
  crowd.server->takes = 50ms;
  crowd.offer(200, 3s);
  crowd.offer(2000, 2s);
  EXPECT_LE(Crowd::at_share(crowd.refused, 1), 205ms) << "who already waits when the crowd forms";
  EXPECT_GE(crowd.good.size(), 200U * 3 + 360 * 2 - 40);
}

}  // namespace
}  // namespace weir::resilience
