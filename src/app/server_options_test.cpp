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

TEST(ServerOptions, AddressesAreNamedWithoutTheirQueryAndApart) {  // F-56
  config::Server server;
  server.urls = {"http://one.test/mcp?key=secret", "https://two.test:8443/", "http://one.test/mcp?key=other"};
  auto const labels = address_labels(server);
  ASSERT_TRUE(labels.has_value());
  EXPECT_EQ(*labels, (std::vector<std::string>{"one.test/mcp", "two.test:8443/", "one.test/mcp #2"}));
  server.urls.push_back("ftp://three.test/");
  EXPECT_FALSE(address_labels(server).has_value());
}

TEST(ServerOptions, EachAddressHasItsOwnOptions) {
  config::Server server;
  server.name = "pool";
  server.urls = {"http://one.test/mcp", "http://two.test/mcp"};
  EXPECT_EQ(http_options(server, "{}", 0)->url.host, "one.test");
  EXPECT_EQ(http_options(server, "{}", 1)->url.host, "two.test");
  base::SystemClock clock;
  observe::Log log{{.fd = -1}, clock, {}};
  EXPECT_EQ(sse_options(server, "{}", log, 1).command.argv.back(), "http://two.test/mcp");
}

TEST(ServerOptions, WhatIsSaidOfAnEventStreamIsLoggedAsWhatAProgramSaysIs) {
  config::Server server;
  server.urls = {"http://one.test/sse"};
  base::SystemClock clock;
  observe::Log log{{.fd = -1}, clock, {}};
  EXPECT_EQ(sse_options(server, "{}", log).log, &log);
}

}  // namespace
}  // namespace weir::app
