#include "resilience/server_breakers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "resilience/breaker_board.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct World {
  World() : log(log_options(), clock, {}), breakers("docs", {}, 1, metrics.server("docs"), &log) {}
  ~World() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  World(World const&) = delete;
  World& operator=(World const&) = delete;
  observe::Log::Options log_options() {
    EXPECT_EQ(::pipe(ends), 0);
    observe::Log::Options options;
    options.fd = ends[1];
    return options;
  }
  std::string logged() {
    log.flush();
    std::string text(65536, '\0');
    auto const got = ::read(ends[0], text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }
  void record(OperationClass which, Verdict verdict, int times) {
    while (times-- > 0) breakers.of(which).admit(clock.now()).permit.record(verdict, 1ms, clock.now());
  }
  double shown() { return metrics.server("docs").breaker_state.value(); }
  int ends[2] = {-1, -1};
  base::VirtualClock clock;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  observe::Log log;
  ServerBreakers breakers;
};

TEST(ServerBreakers, EachClassOfOperationsHasItsOwn) {
  EXPECT_EQ(class_of(mcp::Method::tools_call), OperationClass::tools);
  EXPECT_EQ(class_of(mcp::Method::resources_read), OperationClass::resources);
  EXPECT_EQ(class_of(mcp::Method::tools_list), OperationClass::others);
  World world;
  world.record(OperationClass::tools, Verdict::failure, 5);
  EXPECT_FALSE(world.breakers.of(mcp::Method::tools_call).admit(world.clock.now()));
  EXPECT_TRUE(world.breakers.of(mcp::Method::resources_read).admit(world.clock.now()));
  EXPECT_TRUE(world.breakers.of(mcp::Method::ping).admit(world.clock.now()));
}

TEST(ServerBreakers, ThoseThatWereRetiredShowNothingMoreAndStillCount) {  // F-50
  World world;
  auto const& metrics = world.metrics.server("docs");
  auto under_way = world.breakers.of(OperationClass::resources).admit(world.clock.now());
  world.record(OperationClass::tools, Verdict::failure, 5);
  world.record(OperationClass::resources, Verdict::failure, 4);
  EXPECT_EQ(world.shown(), 1);
  world.breakers.retire();
  EXPECT_EQ(world.shown(), 0) << "its successor has not seen a call yet";
  under_way.permit.record(Verdict::failure, 1ms, world.clock.now());
  EXPECT_EQ(world.shown(), 0);
  EXPECT_EQ(metrics.breaker_opens.value(), 2);
  EXPECT_EQ(metrics.breaker_moves.opened_by_failures.value(), 2);
}

TEST(ServerBreakers, TheGaugeShowsTheWorstAndEachMoveCountsOnce) {  // F-50, R-124, R-127
  World world;
  auto const& metrics = world.metrics.server("docs");
  world.record(OperationClass::tools, Verdict::failure, 5);
  EXPECT_EQ(world.shown(), 1);
  EXPECT_EQ(metrics.breaker_opens.value(), 1);
  EXPECT_EQ(metrics.breaker_moves.opened_by_failures.value(), 1);
  world.clock.advance(72s);
  world.record(OperationClass::tools, Verdict::success, 1);
  EXPECT_EQ(world.shown(), 2);
  EXPECT_EQ(metrics.breaker_moves.half_opened.value(), 1);
  world.record(OperationClass::resources, Verdict::failure, 5);
  EXPECT_EQ(world.shown(), 1) << "open is worse than half open";
  world.record(OperationClass::tools, Verdict::failure, 1);
  EXPECT_EQ(metrics.breaker_moves.reopened.value(), 1);
  EXPECT_EQ(metrics.breaker_opens.value(), 3);
  world.clock.advance(144s);
  world.record(OperationClass::tools, Verdict::success, 2);
  EXPECT_EQ(metrics.breaker_moves.closed.value(), 1);
  EXPECT_EQ(world.shown(), 1) << "resources have not been tried yet";
  world.breakers.reset(world.clock.now());
  EXPECT_EQ(metrics.breaker_moves.reset.value(), 1);
  EXPECT_EQ(world.shown(), 0);
}

TEST(ServerBreakers, EachMoveIsOneEventInTheLog) {
  World world;
  world.record(OperationClass::tools, Verdict::failure, 5);
  world.clock.advance(72s);
  world.record(OperationClass::tools, Verdict::success, 2);
  auto const text = world.logged();
  for (auto const* event : {"\"breaker.open\"", "\"breaker.half_open\"", "\"breaker.closed\""}) {
    auto const first = text.find(event);
    ASSERT_NE(first, std::string::npos) << event << text;
    EXPECT_EQ(text.find(event, first + 1), std::string::npos) << event;
  }
  EXPECT_NE(text.find("\"server\":\"docs\""), std::string::npos) << text;
}

TEST(ServerBreakers, TheGaugeIsRightHoweverTheMovesOfClassesMeet) {
  World world;
  auto const now = world.clock.now();
  std::vector<std::thread> threads;
  for (auto const which : {OperationClass::tools, OperationClass::resources, OperationClass::others}) {
    threads.emplace_back([&world, which, now] {
      for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 5; ++i)
          world.breakers.of(which).admit(now).permit.record(Verdict::failure, 1ms, now);
        world.breakers.of(which).reset(now);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(world.shown(), 0);
  EXPECT_EQ(world.metrics.server("docs").breaker_opens.value(), 600);
  EXPECT_EQ(world.metrics.server("docs").breaker_moves.reset.value(), 600);
}

TEST(ServerBreakers, TheBoardShowsTheWorstOfEachServerAndKeepsNoneAlive) {
  World world;
  BreakerBoard board;
  auto made =
      std::make_shared<ServerBreakers>("docs", BreakerOptions{}, 1, world.metrics.server("docs"), nullptr);
  auto const now = [&] { return world.clock.now(); };
  auto const fail = [&](OperationClass which) {
    for (int i = 0; i < 5; ++i) made->of(which).admit(now()).permit.record(Verdict::failure, 1ms, now());
  };
  EXPECT_EQ(board.standing("docs", now()).state, BreakerState::closed) << "nobody has put it there";
  board.put(made);
  fail(OperationClass::resources);
  world.clock.advance(30s);
  fail(OperationClass::tools);
  auto const shown = board.standing("docs", now());
  EXPECT_EQ(shown.state, BreakerState::open);
  EXPECT_EQ(shown.lasted, base::Duration::zero()) << "of the one that stays open longer";
  EXPECT_GE(shown.wait, base::Duration(60s));
  EXPECT_EQ(board.standing("other", now()).state, BreakerState::closed);
  auto const next =
      std::make_shared<ServerBreakers>("docs", BreakerOptions{}, 1, world.metrics.server("docs"), nullptr);
  board.put(next);
  EXPECT_EQ(board.standing("docs", now()).state, BreakerState::closed) << "built anew";
  board.put(made);
  made.reset();
  EXPECT_EQ(board.standing("docs", now()).state, BreakerState::closed);
}

}  // namespace
}  // namespace weir::resilience
