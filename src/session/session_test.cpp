#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

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
    call.endpoint = endpoint;
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
  std::string_view endpoint;
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

TEST(Session, UnknownForeignAndEndedSessionsLookAlike) {  // P045, P108, F-17
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

TEST(Session, InitializeIsNeverCancelled) {  // P088; only over HTTP+SSE is there a session to name before
  World world;
  auto const id = [&] {
    auto opened = world.table.open({}, world.anyone, world.loop.now());
    (*opened)->receive_by(std::make_shared<Letterbox>(world.loop));
    return (*opened)->client()->id;
  }();
  world.echo->wait = 3s;
  World::Answer answer;
  world.tasks.spawn(world.ask(World::kInitialize, id, world.anyone, answer));
  core::Call note(std::move(
      *mcp::decode(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}})")));
  note.session_id = id;
  note.principal = &world.anyone;
  EXPECT_TRUE(world.layer->note(note));
  world.loop.advance(3s);
  EXPECT_TRUE(answer.came && answer.ok);
  EXPECT_EQ(world.table.size(), 1U);
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

TEST(Session, APrincipalHasItsShareAndNoMore) {  // F-15
  World world({.entries_max = 10, .per_principal_max = 2});
  world.open();
  world.open();
  EXPECT_EQ(world.ask_now(World::kInitialize).fault, base::Fault::busy);
  EXPECT_EQ(world.ended.size(), 0U) << "nobody else makes room for it";
  EXPECT_TRUE(world.ask_now(World::kInitialize, {}, &world.other).ok);
}

TEST(Session, EachEndsWithinASecondOfItsOwnTimeHoweverManyThereAre) {  // F-59
  World world({.entries_max = 2000, .per_principal_max = 2000});
  ReaperLoop reaper(world.loop, world.table, 30s);
  reaper.start();
  auto const begun = world.loop.now();
  constexpr std::size_t kCount = 1000;
  constexpr auto kApart = 137ms;
  for (std::size_t i = 0; i < kCount; ++i) {
    world.open();
    world.loop.advance(kApart);
  }
  auto const over_by = [&](base::TimePoint at) -> std::size_t {
    if (at < begun + 1h) return 0;
    return std::min(kCount, static_cast<std::size_t>((at - begun - 1h) / kApart) + 1);
  };
  world.loop.advance(begun + 1h - world.loop.now() - 1s);
  while (world.ended.size() < kCount) {
    world.loop.advance(100ms);
    EXPECT_LE(world.ended.size(), over_by(world.loop.now()));
    ASSERT_GE(world.ended.size(), over_by(world.loop.now() - 1s));
  }
}

TEST(Session, WhoIsToldOfAnEndMayUseTheTable) {  // F-19: nobody is told under a lock
  base::SeededRandom random{1};
  core::Principal const who{"anonymous", "anonymous", {}};
  SessionTable* table = nullptr;
  std::size_t told = 0;
  SessionTable made({.entries_max = 1, .per_principal_max = 1, .shards = 1}, random,
                    [&](std::string const& id, base::TableReason) {
                      ++told;
                      EXPECT_FALSE(table->find(id, who, {}));
                      EXPECT_EQ(table->expire({}, 10), 0U);
                    });
  table = &made;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(made.open({}, who, {}).has_value());
  made.end_all();
  EXPECT_EQ(told, 3U);
}

TEST(Session, OneThatCannotBeToldOfStopsNoOther) {  // R-023
  base::SeededRandom random{1};
  observe::Metrics metrics{{}};
  core::Principal const who{"anonymous", "anonymous", {}};
  int told = 0;
  SessionTable table(
      {}, random,
      [&](std::string const&, base::TableReason) {
        if (++told == 2) throw std::runtime_error("no memory");
      },
      metrics.gateway());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(table.open({}, who, {}).has_value());
  EXPECT_EQ(table.expire(base::TimePoint{} + 1h, 10), 3U);
  EXPECT_EQ(told, 3);
  EXPECT_EQ(metrics.gateway().session_events.of("failed").value(), 1);
  EXPECT_EQ(metrics.gateway().session_events.of("idle").value(), 3);
  EXPECT_EQ(metrics.gateway().sessions_active.value(), 0);
}

TEST(Session, HowLongOneLastedIsCountedWhenItEnds) {
  base::SeededRandom random{1};
  observe::Metrics metrics{{"1.2.3", "abc", {"2025-11-25", "2026-07-28"}}};
  core::Principal const who{"anonymous", "anonymous", {}};
  SessionTable table(
      {}, random, [](auto&, auto) {}, metrics.gateway());
  base::TimePoint const start{};
  core::ClientSession client;
  client.revision = mcp::kNewestLegacy;
  auto const ended = (**table.open(client, who, start)).client()->id;
  EXPECT_TRUE(table.open(client, who, start, observe::Transport::pipe).has_value());
  EXPECT_TRUE(table.end(ended, who, start + 90s));
  EXPECT_EQ(table.expire(start + 2h, 10), 1U) << "idle";
  EXPECT_TRUE(table.open(client, who, start + 2h).has_value());
  table.end_all();
  auto const page = metrics.render();
  auto const told = [&](std::string const& what, std::string const& transport, std::string const& value) {
    std::string const line = "mcp_server_session_duration_seconds_" + what +
                             R"({mcp_protocol_version="2025-11-25",network_transport=")" + transport +
                             "\"} " + value + "\n";
    EXPECT_NE(page.find(line), std::string::npos) << line;
  };
  told("count", "tcp", "1");
  told("sum", "tcp", "90");
  told("count", "pipe", "1");
  told("sum", "pipe", "7200");
}

// A loop of another thread, of which only post() is used.
struct Elsewhere final : base::Scheduler {
  using Scheduler::Scheduler;
  void post(std::function<void()>) override { ++posts; }
  void wake() noexcept override {}
  void wake_by(base::TimePoint) noexcept override {}
  std::atomic<int> posts{0};
};

TEST(Session, SixtyFourThreadsEndItOnce) {  // R-133, R-036
  base::SystemClock const clock;
  core::Principal const who{"anonymous", "anonymous", {}};
  for (int round = 0; round < 20; ++round) {
    observe::Metrics metrics{{}};
    Elsewhere home(clock);
    base::SeededRandom random{1};
    std::atomic<int> told{0};
    SessionTable table(
        {}, random, [&](std::string const&, base::TableReason) { ++told; }, metrics.gateway());
    auto opened = table.open({}, who, {});
    auto const session = (**opened).client()->id;
    auto const outbox = (**opened).outbox();
    auto reader = std::make_shared<Outbox::Reader>(home, metrics.gateway().legacy_streams);
    ASSERT_TRUE(outbox->attach(reader));
    ASSERT_TRUE((**opened).started("1", std::make_shared<RunFlag>(home)));
    std::vector<std::thread> threads;
    for (int i = 0; i < 64; ++i) {
      threads.emplace_back([&, i] {
        if (i % 4 == 0) table.end(session, who, {});
        if (i % 4 == 1) table.expire(base::TimePoint{} + 24h, 10);
        if (i % 4 == 2) table.end_all();
        if (i % 4 == 3) outbox->close("closed by hand");
      });
    }
    for (auto& thread : threads) thread.join();
    opened = base::Error(base::Fault::not_found, base::Blame::client, "");
    EXPECT_EQ(told, 1);
    EXPECT_EQ(home.posts, 2) << "its stream and its run, once each";
    reader.reset();
    EXPECT_EQ(metrics.gateway().sessions_active.value(), 0);
    EXPECT_EQ(metrics.gateway().legacy_streams.closed.of("session_over").value(), 1);
    EXPECT_EQ(table.size(), 0U);
  }
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

// A token for one server's endpoint must not reach what a session of all servers' is told.
TEST(Session, IsKnownOnlyWhereItWasOpened) {  // P108
  World world;
  auto const id = world.open();
  auto const now = world.loop.now();
  EXPECT_TRUE(world.table.find(id, world.anyone, "", now));
  EXPECT_FALSE(world.table.find(id, world.anyone, "docs", now));
  world.endpoint = "docs";
  EXPECT_EQ(world.ask_now(World::kPing, id).fault, base::Fault::not_found);
  auto const other = world.open();
  EXPECT_TRUE(world.ask_now(World::kPing, other).ok);
  world.endpoint = "";
  EXPECT_EQ(world.ask_now(World::kPing, other).fault, base::Fault::not_found);
  EXPECT_TRUE(world.ask_now(World::kPing, id).ok);
}

}  // namespace
}  // namespace weir::session
