#include <gtest/gtest.h>

#include "support/world.hpp"

// What clients get while servers fail and something else may answer.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;
using config::FallbackKind;

bool is_error_result(Reply const& reply) {
  return reply.final().find(R"("isError":true)") != std::string::npos;
}
bool says(Reply const& reply, std::string_view text) { return reply.final().find(text) != std::string::npos; }

// One documentation server whose `echo` may be cached for a minute.
struct Docs : World {
  Docs() {
    server = &http("docs", Speaks::modern);
    settings.caching.configured = true;
    config::CacheToolRule rule;
    rule.pattern = "docs.echo";
    rule.ttl = 60s;
    settings.caching.tools.push_back(rule);
    of.server = "docs";
  }
  void begin() {
    settings.degradation = {of};
    asker = &client(Era::modern);
    start();
    advance(0s);
  }
  FakeClient::Replied ask(std::string const& key, base::Duration within = 10s) {
    auto reply = asker->call("docs__echo", R"({"key":")" + key + R"("})");
    advance(within);
    EXPECT_TRUE(reply->answered());
    return reply;
  }
  FakeServer* server = nullptr;
  FakeClient* asker = nullptr;
  config::Degradation of;
};

TEST(Degraded, AStaleCopyAnswersAtTheDeadlineAndSaysSo_F55_T05) {
  Docs world;
  world.of.fallback.on_timeout = FallbackKind::stale_copy;
  world.begin();
  world.ask("k");
  world.advance(90s);
  world.server->mute = true;
  auto const reply = world.ask("k");
  EXPECT_EQ(reply->ended - reply->sent, base::Duration(5s));
  EXPECT_TRUE(says(*reply, "{k} from docs")) << reply->final();
  EXPECT_TRUE(says(*reply, R"("dev.weir/degraded":{"source":"stale","reason":"timed_out","ageSeconds":)"));
  EXPECT_TRUE(reply->head.field("weir-degraded").starts_with("stale; reason=timed_out; age="));
  EXPECT_TRUE(reply->head.field("cache-status").starts_with("weir; hit; ttl=-"));
  EXPECT_EQ(world.metric(R"(mcp_fallbacks_total{server="docs",strategy="use_stale_cache"})"), 1);
  EXPECT_EQ(world.metric(R"(mcp_cache_stale_hits_total{server="docs"})"), 1);
  EXPECT_EQ(world.metric(R"(mcp_timeouts_total{server="docs"})"), 1);
  EXPECT_EQ(world.metric(R"(mcp_cache_misses_total{server="docs"})"), 2);
}

TEST(Degraded, WithoutAWordOfTheOperatorsAFailureIsAnError) {
  Docs world;
  world.begin();
  world.ask("k");
  world.advance(90s);
  world.server->die();
  auto const reply = world.ask("k");
  EXPECT_TRUE(is_error_result(*reply)) << reply->final();
  EXPECT_EQ(reply->head.field("weir-degraded"), "");
}

TEST(Degraded, AnotherServerMayAnswer) {
  Docs world;
  auto& mirror = world.http("mirror", Speaks::legacy);
  world.of.fallback.explicit_chain = true;
  world.of.fallback.chain = {{FallbackKind::server, "mirror", {}, {}}};
  world.begin();
  world.server->die();
  auto const reply = world.ask("k");
  EXPECT_TRUE(says(*reply, "{k} from mirror")) << reply->final();
  EXPECT_TRUE(
      says(*reply, R"("source":"server","reason":"connect_failed","server":"docs","answeredBy":"mirror")"));
  EXPECT_EQ(reply->head.field("weir-degraded"), "server; reason=connect_failed; server=mirror");
  EXPECT_EQ(mirror.seen["tools/call"], 1);
}

TEST(Degraded, OfTwoBlackHolesNeitherOutlivesTheDeadline_T05) {
  Docs world;
  auto& mirror = world.http("mirror", Speaks::modern);
  world.of.fallback.explicit_chain = true;
  world.of.fallback.chain = {{FallbackKind::stale_copy, {}, {}, {}},
                             {FallbackKind::server, "mirror", {}, {}},
                             {FallbackKind::backup, {}, {}, {}},
                             {FallbackKind::skip, {}, {}, {}}};
  world.begin();
  world.server->mute = mirror.mute = true;
  auto const reply = world.ask("k");
  EXPECT_TRUE(is_error_result(*reply)) << reply->final();
  EXPECT_EQ(reply->ended - reply->sent, base::Duration(5s));
}

TEST(Degraded, AReloadChangesTheChainAndKeepsTheServer) {
  Docs world;
  world.begin();
  world.ask("k");
  world.advance(90s);
  auto const before = world.server->seen["server/discover"];
  world.settings.degradation[0].stale_ok = true;
  world.reload();
  world.advance(1s);
  world.server->die();
  EXPECT_TRUE(says(*world.ask("k"), R"("source":"stale")"));
  EXPECT_EQ(world.server->seen["server/discover"], before);
}

TEST(Degraded, AReloadThatBuildsAServerAnewShowsItsBreakerClosed_F50) {
  Docs world;
  world.of.breaker.failure_threshold = 2;
  world.of.retry.attempts = 0;
  world.begin();
  world.server->mute = true;
  auto const state = [&world] { return world.metric(R"(mcp_circuit_breaker_state{server="docs"})"); };
  for (int i = 0; i < 2; ++i) world.ask("k" + std::to_string(i));
  EXPECT_EQ(state(), 1);
  world.server->mute = false;
  world.settings.servers.front().timeouts.call = 3s;
  world.reload();
  EXPECT_EQ(state(), 0) << "what stands there now has not failed yet";
  world.advance(1s);
  EXPECT_TRUE(says(*world.ask("k3"), "{k3} from docs"));
  EXPECT_EQ(state(), 0);
}

TEST(Degraded, CallersWhoWaitForOneFetchAllGetTheCopy) {
  Docs world;
  world.of.stale_ok = true;
  world.begin();
  world.ask("k");
  world.advance(90s);
  world.server->mute = true;
  std::vector<FakeClient::Replied> replies;
  for (int i = 0; i < 5; ++i) {
    replies.push_back(world.asker->call("docs__echo", R"({"key":"k"})"));
    world.advance(500ms);
  }
  world.advance(10s);
  for (auto const& reply : replies) {
    EXPECT_TRUE(says(*reply, R"("source":"stale")")) << reply->final();
    EXPECT_LE(reply->ended - reply->sent, base::Duration(5s));
  }
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Degraded, OneServerThatAnswersNothingDoesNotDelayTheOthers_T06) {
  World world;
  constexpr int kServers = 10;
  for (int i = 0; i < kServers; ++i) world.http("s" + std::to_string(i), Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  std::vector<FakeClient::Replied> holes, others;
  world.servers["s0.test"]->mute = true;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) holes.push_back(client.call("s0__echo", R"({"key":"h"})"));
    for (int i = 1; i < kServers; ++i)
      others.push_back(client.call("s" + std::to_string(i) + "__slow", R"({"key":"k","ms":10})"));
    world.advance(100ms);
  }
  world.advance(10s);
  for (auto const& reply : others) {
    ASSERT_TRUE(reply->answered());
    EXPECT_EQ(reply->ended - reply->sent, base::Duration(10ms)) << "as if the other were not there";
  }
  for (auto const& reply : holes) {
    ASSERT_TRUE(reply->answered());
    EXPECT_LE(reply->ended - reply->sent, base::Duration(5s));
  }
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Degraded, AllServersDeadAndAWarmCacheAnswerEverything_T04) {
  Docs world;
  world.of.stale_ok = true;
  world.begin();
  for (int i = 0; i < 20; ++i) world.ask("k" + std::to_string(i), 0s);
  world.advance(70s);
  world.server->die();
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 20; ++i) {
      bool const open = world.metric(R"(mcp_circuit_breaker_state{server="docs"})") == 1;
      auto const reply = world.ask("k" + std::to_string(i), open ? 50ms : 1s);
      ASSERT_TRUE(reply->answered()) << "at once while the breaker is open, but for a probe";
      EXPECT_TRUE(says(*reply, "{k" + std::to_string(i) + "} from docs")) << reply->final();
    }
    world.advance(5s);
  }
  EXPECT_EQ(world.leftovers(), "");
}

}  // namespace
}  // namespace weir::test
