// From the settings to the options of the cache. Pure.
//
// Plain functions without state; any thread. Limits and defaults are the settings' own.
#pragma once

#include <string>

#include "cache/cache_policy.hpp"
#include "cache/fetch_layer.hpp"
#include "cache/response_cache.hpp"
#include "cache/schedule_loop.hpp"
#include "config/settings.hpp"
#include "store/store.hpp"

namespace weir::app {

// `keys` make the revision of the server: a digest of all that decides which server it is and whom it takes
// us for. A server that was pointed elsewhere answers nothing out of the cache.
cache::CacheRules cache_rules(config::Settings const& settings, config::Server const& server,
                              cache::AnswerKeys const& keys);
std::optional<base::Duration> list_ttl(config::Settings const& settings, std::string const& server);
cache::ResponseCacheOptions cache_options(config::Caching const& caching);
cache::FetchOptions fetch_options(config::Settings const& settings, config::Server const& server);
std::vector<cache::ScheduledPurge> scheduled_purges(config::Caching const& caching);
store::Selection selection_of(std::string_view pattern);  // `server.operation`, `server` or `*`, globs
store::StoreLimits store_limits(config::Caching const& caching);

}  // namespace weir::app
