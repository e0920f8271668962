#include "upstream/stdio_child_io.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "support/call_of.hpp"
#include "support/scripted_child.hpp"

namespace weir::upstream {
namespace {

using test::Handshake;

struct Child : ::testing::Test {
  base::VirtualLoop loop;
  test::ScriptedSpawner spawner{loop};
  ChildCommand command{.argv = {"files"}, .environment = {}, .working_directory = {}};
  StdioChild::Options options{.server = "files", .gateway_info = "{}", .lines = {}, .channel = {}};
  StderrRing log;
  StdioChild::Told ignore;
  std::unique_ptr<StdioChild> child;
  base::TaskGroup tasks{loop};

  void SetUp() override {
    spawner.handshake = Handshake::none;
    auto process = spawner.spawn(command);
    child = std::make_unique<StdioChild>(loop, std::move(*process), command, log, options, ignore);
  }
  static base::Task<void> ask(StdioChild& child, mcp::Method method) {
    auto const answer = co_await child.ask(method, "{}", mcp::kNewestLegacy);
    static_cast<void>(answer);
  }
  std::string last_line_after_cancelling(mcp::Method method) {
    tasks.spawn(ask(*child, method));
    loop.run();
    tasks.cancel();
    loop.run();
    return spawner.last().lines.back();
  }
};

TEST_F(Child, IsToldOfCancelledRequestsButNeverOfInitialize) {  // P088
  EXPECT_NE(last_line_after_cancelling(mcp::Method::initialize).find("\"initialize\""), std::string::npos);
  EXPECT_NE(last_line_after_cancelling(mcp::Method::tools_list).find("notifications/cancelled"),
            std::string::npos);
}

TEST_F(Child, ThatFloodsItsStderrLeavesTheWorkerToOthers) {  // hangs where it does not hold
  auto process = spawner.spawn(command);
  spawner.last().never_stop_complaining();
  StdioChild const flooding(loop, std::move(*process), command, log, options, ignore);
  loop.advance(std::chrono::seconds(1));
  EXPECT_EQ(log.size(), StderrRing::kLinesMax);
  EXPECT_LE(log.total() * 12, 8U * 1024 * 1024) << "bytes in a second";
}

TEST_F(Child, ThatClosesItsStdoutIsEndedAndSaysSo) {
  spawner.last().stubborn = true;
  spawner.last().close_output();
  loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(child->ended().is_set());
  EXPECT_EQ(child->cause(), "closed its stdin or stdout");
  EXPECT_FALSE(spawner.last().running());
}

TEST_F(Child, ThatClosesItsStdinIsEndedWhenItIsNeeded) {
  spawner.last().close_input();
  tasks.spawn(ask(*child, mcp::Method::tools_list));
  loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(child->ended().is_set());
  EXPECT_EQ(tasks.size(), 0U) << "nobody waits for an answer that cannot come";
}

}  // namespace
}  // namespace weir::upstream
