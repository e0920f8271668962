#include "app/cache_options.hpp"
#include "app/cache_tiers.hpp"
#include "store/embedded_store.hpp"
#include "store/redis.hpp"

namespace weir::app {
namespace {

// A dialer that trusts an authority of its own.
class PrivateDialer final : public net::Dialer {
 public:
  PrivateDialer(net::IoLoop& loop, std::shared_ptr<net::TlsContext const> trust)
      : trust_(std::move(trust)), dialer_(loop, trust_.get()) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const& to,
                                                              base::TimePoint deadline) override {
    return dialer_.dial(to, deadline);
  }

 private:
  std::shared_ptr<net::TlsContext const> const trust_;
  net::NetDialer dialer_;
};

std::string cache_folder(config::Environment const& environment) {
  if (auto const given = environment.variable("CACHE_DIRECTORY"); given && !given->empty()) {
    return std::string(given->substr(0, given->find(':')));
  }
  if (auto const base = environment.variable("XDG_CACHE_HOME"); base && base->starts_with('/')) {
    return std::string(*base) + "/weir";
  }
  auto const home = environment.home();
  return home.empty() ? std::string() : home + "/.cache/weir";
}

// Only one line of a kind: the store says so when something has changed.
auto told_to(observe::Log& log) {
  return
      [&log](std::string_view event, std::string_view text) { log.event(observe::Level::warn, event, text); };
}

std::unique_ptr<store::Store> open_file(CacheTiers::Parts const& parts, config::Caching const& caching,
                                        store::StoreSecret const& secret) {
  auto const folder = caching.store.path.empty() ? cache_folder(parts.environment) : caching.store.path;
  if (folder.empty()) {
    parts.log.event(observe::Level::warn, "cache.store",
                    "no folder for the second tier: set HOME, CACHE_DIRECTORY or caching.l2.path");
    return nullptr;
  }
  store::EmbeddedOptions options(folder, secret, parts.clock);
  options.limits = store_limits(caching);
  options.log = told_to(parts.log);
  return store::open_embedded(std::move(options));
}

// Null where the private authority cannot be read: without it nobody could be trusted.
std::unique_ptr<store::Store> open_shared(CacheTiers::Parts const& parts, config::Caching const& caching,
                                          store::StoreSecret const& secret,
                                          std::unique_ptr<net::Dialer>& private_dialer) {
  auto const& settings = caching.store;
  store::RedisOptions options(secret);
  options.host = settings.host;
  options.port = settings.port;
  options.tls = settings.tls;
  options.username = settings.username;
  options.password = settings.password;
  options.database = settings.database;
  options.prefix = settings.prefix;
  options.limits = store_limits(caching);
  auto* dialer = &parts.dialer;
  if (!settings.ca.empty()) {
    auto authority = net::TlsContext::with_authority(settings.ca);
    if (!authority) {
      parts.log.event(observe::Level::warn, "cache.store",
                      "the second tier is left out: caching.l2.ca: " + authority.error().detail);
      return nullptr;
    }
    private_dialer = std::make_unique<PrivateDialer>(parts.loop, *std::move(authority));
    dialer = private_dialer.get();
  }
  auto const log = [&log = parts.log](std::string_view line) {
    log.event(observe::Level::warn, "cache.store", line);
  };
  return store::open_redis(std::move(options), parts.loop, *dialer, parts.random, log);
}

}  // namespace

std::unique_ptr<store::Store> open_store(CacheTiers::Parts const& parts, config::Caching const& caching,
                                         store::StoreSecret const& secret,
                                         std::unique_ptr<net::Dialer>& private_dialer) {
  if (!caching.enabled) return nullptr;
  switch (caching.store.kind) {
    case config::StoreKind::none: break;
    case config::StoreKind::embedded: return open_file(parts, caching, secret);
    case config::StoreKind::redis: return open_shared(parts, caching, secret, private_dialer);
  }
  return nullptr;
}

}  // namespace weir::app
