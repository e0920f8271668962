#include <fmt/core.h>

#include "app/cache_options.hpp"
#include "app/cache_tiers.hpp"
#include "app/state_folder.hpp"
#include "store/store_secret.hpp"

namespace weir::app {
namespace {

store::StoreSecret random_secret(base::Random& random) {
  store::StoreSecret::Key bytes{};
  random.fill(bytes);
  return store::StoreSecret(bytes);
}

// Only what outlives the process needs a secret that does.
store::StoreSecret secret_for(config::CacheStore const& settings, CacheTiers::Parts const& parts) {
  if (settings.kind == config::StoreKind::none) return random_secret(parts.random);
  if (!settings.secret.empty()) return store::StoreSecret::from_text(settings.secret);
  auto const folder = state_folder(parts.environment);
  if (!folder.empty()) {
    auto read = store::StoreSecret::load_or_create(folder + "/cache.key", parts.random);
    if (read) return *std::move(read);
    auto const why = why_unwritable(folder);
    parts.log.event(observe::Level::warn, "cache.secret",
                    why.empty() ? fmt::format("the cache's key file cannot be used, so what was kept before "
                                              "this start is lost: {}; {}",
                                              read.error().detail, read.error().hint)
                                : unwritable_words(folder, why,
                                                   "the cache's key cannot be kept there, so what was cached "
                                                   "before this start is lost (or set caching.l2.secret)"));
  } else {
    parts.log.event(
        observe::Level::warn, "cache.secret",
        "no folder for the cache's key file, so what was kept before this start is lost: set HOME, "
        "XDG_STATE_HOME or caching.l2.secret");
  }
  return random_secret(parts.random);
}

std::string_view word_of(config::StoreKind kind) noexcept {
  switch (kind) {
    case config::StoreKind::none: return "none";
    case config::StoreKind::embedded: return "embedded";
    case config::StoreKind::redis: return "redis";
  }
  return {};
}

}  // namespace

CacheTiers::CacheTiers(Parts const& parts, config::Settings const& settings)
    : parts_(parts), settings_(settings.caching), tasks_(parts.loop) {
  auto const secret = secret_for(settings_.store, parts_);
  auto keys = std::make_shared<cache::AnswerKeys const>(secret.derive("keys"));
  store_ = open_store(parts_, settings.caching, secret, private_dialer_);
  responses_ =
      std::make_unique<cache::ResponseCache>(cache_options(settings.caching), std::move(keys), parts_.clock,
                                             parts_.random.next(), store_.get(), parts_.metrics);
  schedule_ = std::make_unique<cache::ScheduleLoop>(parts_.loop, *responses_, parts_.buckets);
  take_over(settings);
}

CacheTiers::~CacheTiers() { stop(); }

void CacheTiers::start() {
  if (tasks_.size() > 0) return;
  tasks_.spawn(keep_tidy());
  schedule_->set(scheduled_purges(settings_));
}

// What is over leaves even if nobody asks for it.
base::Task<void> CacheTiers::keep_tidy() {
  constexpr auto kPeriod = std::chrono::milliseconds{500};
  constexpr std::size_t kPlacesAtATime = 8192;
  for (;;) {
    responses_->expire(parts_.loop.now(), kPlacesAtATime);
    co_await parts_.loop.sleep_for(kPeriod);
  }
}

void CacheTiers::set_server_caps(config::Caching const& caching) {
  for (auto const& server : capped_) responses_->set_server_max(server, 0);
  capped_.clear();
  for (auto const& rule : caching.servers) {
    if (!rule.entries_max) continue;
    responses_->set_server_max(rule.server, *rule.entries_max);
    capped_.push_back(rule.server);
  }
}

void CacheTiers::take_over(config::Settings const& settings) {
  set_server_caps(settings.caching);
  servers_.clear();
  for (auto const& server : settings.servers) servers_.push_back(server.name);
}

void CacheTiers::apply(config::Settings const& settings) {
  responses_->set_options(cache_options(settings.caching));
  take_over(settings);
  if (store_) store_->set_limits(store_limits(settings.caching));
  auto const before = std::exchange(settings_, settings.caching);
  schedule_->set(scheduled_purges(settings_));
  settings_.store = before.store;  // what is open
  settings_.store.ttl = settings.caching.store.ttl;
  settings_.store.bytes_max = settings.caching.store.bytes_max;
  if (settings_.store == settings.caching.store) return;
  parts_.log.event(observe::Level::warn, "cache.reload",
                   fmt::format("the second tier stays {} until a restart: its settings have changed",
                               word_of(before.store.kind)));
}

void CacheTiers::refresh_gauges() {
  auto const& metrics = parts_.metrics.gateway().cache;
  auto const& table = responses_->table();
  metrics.memory_entries.set(static_cast<double>(table.size()));
  metrics.memory_bytes.set(static_cast<double>(table.bytes()));
  auto const grown = [](std::uint64_t now, std::uint64_t& before) {
    auto const by = now - before;
    before = now;
    return static_cast<double>(by);
  };
  auto const counted = table.counters();
  metrics.evictions.add("size", grown(counted.evicted_size, counted_.evicted_size));
  metrics.evictions.add("server", grown(counted.evicted_server_cap, counted_.evicted_server_cap));
  metrics.evictions.add("ttl", grown(counted.expired, counted_.expired));
  if (!store_) return;
  auto const status = store_->status();
  metrics.store_entries.set(static_cast<double>(status.entries));
  metrics.store_bytes.set(static_cast<double>(status.bytes));
  metrics.store_problems.add("failed", grown(status.failures, reported_.failures));
  metrics.store_problems.add("rejected", grown(status.rejected, reported_.rejected));
  metrics.store_problems.add("dropped", grown(status.writes_dropped, reported_.writes_dropped));
  metrics.store_problems.add("rebuilt", grown(status.rebuilt, reported_.rebuilt));
}

void CacheTiers::stop() {
  tasks_.cancel();
  schedule_->set({});
  if (store_) store_->stop(std::chrono::seconds{1});
}

}  // namespace weir::app
