#include "app/cache_options.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;

cache::AnswerKeys const kKeys{cache::AnswerKeys::Key{1}};

config::Server server(std::string name = "github") {
  config::Server made;
  made.name = std::move(name);
  made.urls = {"http://127.0.0.1:1/mcp"};
  return made;
}

TEST(CacheOptions, GiveEachServerWhatIsSaidOfIt_R082) {
  config::Settings settings;
  settings.caching.configured = true;
  settings.caching.servers = {{"context7", 7200s, 50}, {"github", std::nullopt, 7}};
  settings.caching.stale = {{"context7", 24h}};
  settings.caching.updates = {{"github", {"create_*"}}};
  settings.caching.store.ttl = 10min;
  auto const context7 = cache_rules(settings, server("context7"), kKeys);
  EXPECT_EQ(context7.ttl, 7200s);
  EXPECT_EQ(context7.stale_max, 24h);
  EXPECT_TRUE(context7.updates.empty());
  auto const github = cache_rules(settings, server(), kKeys);
  EXPECT_FALSE(github.ttl);
  EXPECT_EQ(github.default_ttl, 10min);
  EXPECT_EQ(github.updates, std::vector<std::string>{"create_*"});
  auto const limits = store_limits(settings.caching);
  EXPECT_EQ(limits.entries_max.at("context7"), 50U);
  EXPECT_EQ(limits.entries_max.at("github"), 7U);
}

TEST(CacheOptions, SortPatternsByTheServersThatTheyMean) {
  config::Settings settings;
  for (auto const* const pattern : {"github.get_*", "docs.*", "git*.search", "*", "*.read", "other"}) {
    settings.caching.tools.push_back({pattern, {}, {}, {}, false, {}});
  }
  std::vector<std::string> patterns;
  for (auto const& rule : cache_rules(settings, server(), kKeys).operations) patterns.push_back(rule.pattern);
  EXPECT_EQ(patterns, (std::vector<std::string>{"get_*", "search", "*", "read"}));
}

TEST(CacheOptions, ReadASelectionAsTheRulesAreWritten) {
  EXPECT_EQ(selection_of("*"), store::Selection{});
  EXPECT_EQ(selection_of("github"), (store::Selection{"github", "", "", ""}));
  EXPECT_EQ(selection_of("github.*"), (store::Selection{"github", "", "", ""}));
  EXPECT_EQ(selection_of("g*.search_*"), (store::Selection{"g*", "search_*", "", ""}));
  EXPECT_EQ(selection_of("*.resources/read"), (store::Selection{"", "resources/read", "", ""}));
}

TEST(CacheOptions, CallAServerAnotherOneWhenItWasPointedElsewhere_F34) {
  config::Settings const settings;
  auto const revision = [&](auto const& change) {
    auto changed = server();
    change(changed);
    return cache_rules(settings, changed, kKeys).revision;
  };
  auto const before = revision([](auto&) {});
  EXPECT_EQ(before, revision([](auto& s) { s.timeouts.call = 1s; }));
  EXPECT_NE(before, revision([](auto& s) { s.urls[0] += "x"; }));
  EXPECT_NE(before, revision([](auto& s) { s.credential = {"authorization", base::Secret("Bearer y")}; }));
  EXPECT_NE(before, revision([](auto& s) { s.headers.emplace_back("x-tenant", base::Secret("a")); }));
  EXPECT_NE(before, revision([](auto& s) { s.env.emplace_back("x-tenant", base::Secret("a")); }));
  EXPECT_NE(revision([](auto& s) { s.args = {"a", "b"}; }), revision([](auto& s) { s.args = {"ab"}; }));
}

TEST(CacheOptions, TurnEverySwitch_F43) {
  config::Caching caching;
  caching.memory = {false, 9s, 8, 7'000'000, true};
  auto const options = cache_options(caching);
  EXPECT_FALSE(options.memory);
  EXPECT_EQ(options.memory_ttl, 9s);
  EXPECT_EQ(options.table.entries_max, 8U);
  EXPECT_EQ(options.table.bytes_max, 7'000'000U);
  EXPECT_EQ(options.table.policy, cache::MemoryCacheOptions::Policy::lru);
  caching.memory.enabled = true;
  EXPECT_TRUE(cache_options(caching).memory);
  caching.enabled = false;
  EXPECT_FALSE(cache_options(caching).memory);
}

}  // namespace
}  // namespace weir::app
