#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "session/reaper_loop.hpp"
#include "session/session_layer.hpp"

namespace weir::session {
namespace {

using namespace std::chrono_literals;

struct SlowEcho final : core::Handler {
  explicit SlowEcho(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call&) override {
    struct Live {
      int& n;
      explicit Live(int& v) : n(v) { ++n; }
      ~Live() { --n; }
    } const live(running);
    if (wait > base::Duration::zero()) co_await scheduler.sleep_for(wait);
    co_return core::from_result("{}");
  }
  base::Scheduler& scheduler;
  base::Duration wait{};
  int running = 0;
};

struct World {
  explicit World(base::TableOptions options = {})
      : table(options, random, [this](auto& id, auto why) { ended.emplace_back(id, why); }) {
    auto handler = std::make_unique<SlowEcho>(loop);
    echo = handler.get();
    layer = std::make_unique<SessionLayer>(std::move(handler), loop, table);
  }
  struct Answer {
    bool ok = false;
    bool came = false;
    base::Fault fault{};
    std::string session;
  };
  base::Task<void> ask(std::string text, std::string session, core::Principal const& who, Answer& answer) {
    core::Call call(std::move(*mcp::decode(std::move(text))));
    call.revision = mcp::kNewestLegacy;
    call.session_id = std::move(session);
    call.principal = &who;
    auto outcome = co_await layer->handle(call);
    answer.came = true;
    answer.ok = outcome.has_value();
    if (!outcome) answer.fault = outcome.error().fault;
    answer.session = call.session_id;
  }
  Answer ask_now(std::string text, std::string session = {}, core::Principal const* who = nullptr) {
    Answer answer;
    tasks.spawn(ask(std::move(text), std::move(session), who != nullptr ? *who : anyone, answer));
    loop.run();
    return answer;
  }
  std::string open() { return ask_now(kInitialize).session; }

  static constexpr char kInitialize[] = R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{}})";
  static constexpr char kPing[] = R"({"jsonrpc":"2.0","id":7,"method":"ping"})";
  base::VirtualLoop loop;
  base::SeededRandom random{1};
  std::vector<std::pair<std::string, base::TableReason>> ended;
  SessionTable table;
  core::Principal anyone{"anonymous", "anonymous", {}};
  core::Principal other{"key:b", "key", {}};
  SlowEcho* echo = nullptr;
  std::unique_ptr<SessionLayer> layer;
  base::TaskGroup tasks{loop};
};

TEST(Session, InitializeOpensOneAndItsIdServesLaterCalls) {
  World world;
  auto const id = world.open();
  EXPECT_EQ(id.size(), 32U);
  EXPECT_TRUE(world.ask_now(World::kPing, id).ok);
  EXPECT_EQ(world.table.size(), 1U);
}

TEST(Session, UnknownForeignAndEndedSessionsLookAlike) {  // P045, P108
  World world;
  auto const id = world.open();
  EXPECT_EQ(world.ask_now(World::kPing, "nonsense").fault, base::Fault::not_found);
  EXPECT_EQ(world.ask_now(World::kPing, id, &world.other).fault, base::Fault::not_found);
  EXPECT_FALSE(world.table.end(id, world.other, world.loop.now()));
  EXPECT_TRUE(world.table.end(id, world.anyone, world.loop.now()));
  EXPECT_EQ(world.ask_now(World::kPing, id).fault, base::Fault::not_found);
  ASSERT_EQ(world.ended.size(), 1U);
  EXPECT_EQ(world.ended[0].first, id);
}

TEST(Session, EndsAfterAnHourIdleAndNotASecondEarlier) {  // R-021
  World world;
  ReaperLoop reaper(world.loop, world.table, 30s);
  reaper.start();
  reaper.start();
  auto const id = world.open();
  world.loop.advance(59min + 59s);
  EXPECT_TRUE(world.ask_now(World::kPing, id).ok);
  world.loop.advance(1h + 1s);
  EXPECT_EQ(world.table.size(), 0U);
  ASSERT_EQ(world.ended.size(), 1U);
  EXPECT_EQ(world.ended[0].second, base::TableReason::idle);
}

TEST(Session, AForeignProbeDoesNotKeepItAlive) {  // F-18
  World world;
  auto const id = world.open();
  for (int i = 0; i < 61; ++i) {
    world.loop.advance(1min);
    world.ask_now(World::kPing, id, &world.other);
  }
  EXPECT_EQ(world.ask_now(World::kPing, id).fault, base::Fault::not_found);
}

TEST(Session, NeverMoreThanTheCapAndTheOldestGoesFirst) {  // R-022
  World world({.entries_max = 3, .per_principal_max = 3, .shards = 1});
  auto const first = world.open();
  world.open();
  world.open();
  world.open();
  EXPECT_EQ(world.table.size(), 3U);
  ASSERT_EQ(world.ended.size(), 1U);
  EXPECT_EQ(world.ended[0].first, first);
}

TEST(Session, OneAtWorkIsNeverEvictedAndTheNewcomerIsRefused) {  // F-15
  World world({.entries_max = 1, .per_principal_max = 1, .shards = 1});
  auto const id = world.open();
  world.echo->wait = 10s;
  World::Answer working;
  world.tasks.spawn(world.ask(World::kPing, id, world.anyone, working));
  world.echo->wait = {};
  auto const refused = world.ask_now(World::kInitialize);
  EXPECT_EQ(refused.fault, base::Fault::busy);
  world.loop.advance(10s);
  EXPECT_TRUE(working.ok);
}

TEST(Session, CancelledReachesTheRunItNamesAndNoOther) {
  World world;
  auto const id = world.open();
  world.echo->wait = 10s;
  World::Answer named;
  World::Answer another;
  world.tasks.spawn(world.ask(World::kPing, id, world.anyone, named));
  world.tasks.spawn(world.ask(R"({"jsonrpc":"2.0","id":"7","method":"ping"})", id, world.anyone, another));
  EXPECT_EQ(world.echo->running, 2);
  core::Call note(std::move(
      *mcp::decode(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})")));
  note.session_id = id;
  note.principal = &world.anyone;
  EXPECT_TRUE(world.layer->note(note));
  world.loop.run();
  EXPECT_EQ(named.fault, base::Fault::cancelled);
  EXPECT_EQ(world.echo->running, 1) << "7 and \"7\" are different ids";
  world.loop.advance(10s);
  EXPECT_TRUE(another.ok);
}

}  // namespace
}  // namespace weir::session
