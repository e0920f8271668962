#include "app/server_options.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;

// what a person sets is what the parts go by, each value in its own place.
TEST(ServerOptions, SessionsGoByTheirSettings) {
  config::Sessions sessions;
  sessions.idle = 1s;
  sessions.lifetime = 2s;
  sessions.max = 3;
  sessions.per_principal = 4;
  auto const options = table_options(sessions);
  EXPECT_EQ(options.idle_max, 1s);
  EXPECT_EQ(options.lifetime_max, 2s);
  EXPECT_EQ(options.entries_max, 3U);
  EXPECT_EQ(options.per_principal_max, 4U);
}

TEST(ServerOptions, StreamsGoByTheirSettings) {
  config::Settings settings;
  settings.streams = {
      .sweep = 1s, .stale = 2s, .keepalive = 3s, .buffer_bytes = 4, .replay_bytes = 5, .replay_age = 6s};
  auto const limits = stream_limits(settings.streams);
  EXPECT_EQ(limits.buffer_bytes, 4U);
  EXPECT_EQ(limits.replay_bytes, 5U);
  EXPECT_EQ(limits.replay_age, 6s);
  auto const rules = endpoint_rules(settings, config::Listener{});
  EXPECT_EQ(rules->streams.sweep, 1s);
  EXPECT_EQ(rules->streams.stale, 2s);
  EXPECT_EQ(rules->streams.keepalive, 3s);
}

TEST(ServerOptions, DefaultsAreThoseOfTheRequirements) {
  config::Settings const settings;
  auto const sessions = table_options(settings.sessions);
  EXPECT_EQ(sessions.idle_max, 1h);
  EXPECT_EQ(sessions.lifetime_max, 24h);
  EXPECT_EQ(sessions.entries_max, 1000U);
  EXPECT_EQ(sessions.per_principal_max, 1000U);
  EXPECT_EQ(settings.sessions.sweep, 30s);
  auto const rules = endpoint_rules(settings, config::Listener{});
  EXPECT_EQ(rules->streams.sweep, 30s);
  EXPECT_EQ(rules->streams.stale, 5min);
  EXPECT_EQ(rules->streams.keepalive, 15s);
  EXPECT_EQ(stream_limits(settings.streams).buffer_bytes, 256U * 1024);
}

}  // namespace
}  // namespace weir::app
