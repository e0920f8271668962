#include "app/cache_options.hpp"
#include "app/cache_tiers.hpp"
#include "store/embedded_store.hpp"

namespace weir::app {
namespace {

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

}  // namespace

std::unique_ptr<store::Store> open_store(CacheTiers::Parts const& parts, config::Caching const& caching,
                                         store::StoreSecret const& secret) {
  if (!caching.enabled || caching.store.kind == config::StoreKind::none) return nullptr;
  return open_file(parts, caching, secret);
}

}  // namespace weir::app
