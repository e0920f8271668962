#include "app/server_news.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using core::ServerState;

struct World {
  core::ServerStatus& become(ServerState state, std::string cause = "") {
    status.state = state;
    status.cause = std::move(cause);
    status.again_in = {};
    return status;
  }
  // "event text", or "" where the log stays silent.
  std::string told() {
    last = news.look(status, late, clock.now());
    return last ? std::string(last->event) + " " + last->text : "";
  }
  explicit World(std::string transport) { status.transport = std::move(transport); }
  base::VirtualClock clock;
  ServerNews news{clock.now()};
  core::ServerStatus status;
  bool late = false;
  std::optional<ServerNews::Line> last;
};

TEST(ServerNews, AChildThatEndsAndComesBackIsTwoLines) {
  World world("stdio");
  EXPECT_EQ(world.told(), "");
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "") << "the start table tells that";
  world.become(ServerState::starting, "exit 1 (attempt 1/5)").again_in = 112ms;
  EXPECT_EQ(world.told(), "upstream.exit exit 1 (attempt 1/5); next try in 112 ms");
  EXPECT_EQ(world.last->level, observe::Level::warn);
  EXPECT_EQ(world.told(), "") << "seen again, by whoever asks";
  world.clock.advance(2s);
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "upstream.ready the server is ready");
  EXPECT_EQ(world.last->level, observe::Level::info);
  EXPECT_EQ(world.last->lasted, base::Duration(2s));
  EXPECT_EQ(world.told(), "");
}

TEST(ServerNews, AProgramThatIsGivenUpIsToldOfOnceMore) {
  World world("stdio");
  world.become(ServerState::starting, "exit 3 (attempt 1/5)").again_in = 90ms;
  EXPECT_EQ(world.told(), "upstream.failed exit 3 (attempt 1/5); next try in 90 ms");
  world.become(ServerState::starting, "exit 3 (attempt 2/5)");
  EXPECT_EQ(world.told(), "");
  world.become(ServerState::failed, "exit 3 (attempt 5/5)");
  EXPECT_EQ(world.told(), "upstream.failed exit 3 (attempt 5/5)");
  world.become(ServerState::starting, "exit 3 (attempt 5/5)");  // a call asked for it
  EXPECT_EQ(world.told(), "");
  world.become(ServerState::failed, "exit 3 (attempt 5/5)");
  EXPECT_EQ(world.told(), "");
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "upstream.ready the server is ready");
}

TEST(ServerNews, AServerOverHttpIsDownOnceHoweverOftenItIsAsked) {
  World world("http");
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "");
  for (int i = 0; i < 3; ++i) {
    world.become(ServerState::failed, "Connection refused");
    EXPECT_EQ(world.told(), i == 0 ? "upstream.failed Connection refused" : "");
    world.become(ServerState::starting, "Connection refused");
    EXPECT_EQ(world.told(), "");
  }
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "upstream.ready the server is ready");
}

TEST(ServerNews, AFirstAnswerIsNewsOnlyAfterTheStartTable) {
  World world("stdio");
  world.late = true;
  world.clock.advance(12s);
  EXPECT_EQ(world.told(), "");
  world.become(ServerState::ready);
  EXPECT_EQ(world.told(), "upstream.ready the server is ready");
  EXPECT_EQ(world.last->lasted, base::Duration(12s));
}

TEST(ServerNews, AServerThatIsStoppedIsNoNews) {
  World world("stdio");
  world.become(ServerState::ready);
  world.told();
  world.become(ServerState::stopped, "closed");
  EXPECT_EQ(world.told(), "");
}

}  // namespace
}  // namespace weir::app
