#include "resilience/hedge_layer.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;

struct Client final : core::ClientSink {
  base::Task<bool> notify(std::string) override {
    ++told;
    co_return true;
  }
  int told = 0;
};

struct Server final : core::Handler {
  struct Act {
    base::Duration takes{};
    bool fails = false;
    bool token = false;  // it is one that is waited for
  };
  struct Inside {
    explicit Inside(int& count) noexcept : inside(count) { ++inside; }
    ~Inside() { --inside; }
    Inside(Inside const&) = delete;
    Inside& operator=(Inside const&) = delete;
    int& inside;
  };
  explicit Server(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    Inside const mark(inside);
    core::UpstreamTime const time(call, scheduler.clock());
    auto const which = ++calls;
    Act act;
    if (!script.empty()) {
      act = script.front();
      script.pop_front();
    }
    co_await call.client->notify("{}");
    call.facts.credential.awaited = act.token;
    if (act.takes > base::Duration::zero()) co_await scheduler.sleep_for(act.takes);
    if (act.fails) co_return Error(Fault::connection_lost, Blame::upstream, std::to_string(which));
    co_return core::from_result(R"({"by":)" + std::to_string(which) + "}");
  }
  base::Scheduler& scheduler;
  std::deque<Act> script;
  int calls = 0, inside = 0;
};

HedgeOptions after_100ms() {
  HedgeOptions options;
  options.enabled = true;
  options.after = 100ms;
  return options;
}

struct World {
  explicit World(HedgeOptions const& options)
      : layer(server, loop, book, metrics.server("docs"), options, RetryOptions{}) {}
  base::Task<void> ask(std::string method) {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}")));
    core::Principal const nobody;
    call.principal = &nobody;
    call.client = &client;
    call.deadline = loop.now() + 5s;
    call.deadline_latest = loop.now() + 10s;
    auto const begun = loop.now();
    auto outcome = co_await layer.handle(call);
    took = loop.now() - begun;
    upstream = call.facts.upstream;
    answer = outcome ? std::string(outcome->message.bytes()) : outcome.error().detail;
  }
  void run(std::string const& method = "resources/read") {
    answer.clear();
    tasks.spawn(ask(method));
    loop.advance(10s);
  }
  bool answered_by(int which) const { return answer.find("\"by\":" + std::to_string(which)) != answer.npos; }
  double hedges() { return metrics.server("docs").hedges.value(); }

  base::VirtualLoop loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  std::shared_ptr<Server> server = std::make_shared<Server>(loop);
  std::shared_ptr<SendBook> book = std::make_shared<SendBook>(0.2, 1);
  HedgeLayer layer;
  Client client;
  std::string answer;
  base::Duration took{}, upstream{};
  base::TaskGroup tasks{loop};
};

TEST(HedgeLayer, ASecondAttemptAnswersForAFirstThatHangs) {
  World world(after_100ms());
  world.server->script = {{1h}, {20ms}};
  world.run();
  EXPECT_TRUE(world.answered_by(2)) << world.answer;
  EXPECT_EQ(world.took, 120ms);
  EXPECT_EQ(world.hedges(), 1);
  EXPECT_EQ(world.server->inside, 0) << "the loser is cancelled";
  EXPECT_EQ(world.client.told, 1) << "the second one tells nobody";
  EXPECT_GE(world.upstream, 20ms);
}

TEST(HedgeLayer, TheFirstWinsWhenItIsFirst) {
  World world(after_100ms());
  world.server->script = {{150ms}, {1h}};
  world.run();
  EXPECT_TRUE(world.answered_by(1)) << world.answer;
  EXPECT_EQ(world.took, 150ms);
  EXPECT_EQ(world.server->inside, 0);
}

TEST(HedgeLayer, AFailureIsNoUsefulAnswerAsLongAsTheOtherMayBring) {
  World world(after_100ms());
  world.server->script = {{300ms}, {10ms, true}};
  world.run();
  EXPECT_TRUE(world.answered_by(1)) << world.answer;
  World both(after_100ms());
  both.server->script = {{300ms, true}, {10ms, true}};
  both.run();
  EXPECT_EQ(both.answer, "1") << "the first one's error";
}

TEST(HedgeLayer, FastCallsToolsAndServersSwitchedOffAreAskedOnce) {  // F-53
  World fast(after_100ms());
  fast.server->script = {{99ms}};
  fast.run();
  EXPECT_EQ(fast.server->calls, 1);
  World tool(after_100ms());
  tool.server->script = {{4s}};
  tool.run("tools/call");
  EXPECT_EQ(tool.server->calls, 1);
  World off({});
  off.server->script = {{4s}};
  off.run();
  EXPECT_EQ(off.server->calls, 1);
}

TEST(HedgeLayer, AtMostTheConfiguredShareIsAskedTwice) {
  World world(after_100ms());
  for (int i = 0; i < 500; ++i) {
    world.server->script = {{200ms}, {200ms}};
    world.run();
  }
  EXPECT_GE(world.hedges(), 10);
  EXPECT_LE(world.hedges(), 11) << "2 % and the first";
}

TEST(HedgeLayer, AnUnhealthyServerIsNotAskedTwice) {
  World world(after_100ms());
  for (int i = 0; i < 10; ++i) world.book->budget.failed();
  world.server->script = {{1s}};
  world.run();
  EXPECT_EQ(world.server->calls, 1);
  EXPECT_TRUE(world.answered_by(1));
}

TEST(HedgeLayer, WhoWaitsForATokenIsNotHelpedByAnotherWhoDoes) {
  World world(after_100ms());
  world.server->script = {{.takes = 1s, .token = true}};
  world.run();
  EXPECT_EQ(world.server->calls, 1);
  EXPECT_EQ(world.hedges(), 0);
  EXPECT_TRUE(world.answered_by(1));
}

TEST(HedgeLayer, WithoutASetTimeItWaitsForThePercentile) {
  HedgeOptions options;
  options.enabled = true;
  World world(options);
  world.server->script = {{4s}};
  world.run();
  EXPECT_EQ(world.server->calls, 1) << "nothing is known yet";
  core::Call const call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"resources/read"})")));
  for (int i = 0; i < 20; ++i) world.book->times.of(call).add(10ms);
  world.server->script = {{4s}, {}};
  world.run();
  EXPECT_EQ(world.server->calls, 3);
  EXPECT_LE(world.took, 12ms);
}

TEST(HedgeLayer, DroppingTheCallDropsBothAttempts) {
  World world(after_100ms());
  world.server->script = {{1h}, {1h}};
  world.tasks.spawn(world.ask("resources/read"));
  world.loop.advance(1s);
  EXPECT_EQ(world.server->inside, 2);
  world.tasks.cancel();
  EXPECT_EQ(world.server->inside, 0);
}

}  // namespace
}  // namespace weir::resilience
