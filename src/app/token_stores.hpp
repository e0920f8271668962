// TokenStores: what is one for the whole process of the tokens at servers.
//
// Owned by the gateway, borrowed by its workers; any thread.
#pragma once

#include "config/settings.hpp"
#include "oauth/refresh_book.hpp"
#include "oauth/token_cache.hpp"
#include "oauth/token_key.hpp"
#include "observe/metrics.hpp"

namespace weir::app {

oauth::TokenCacheOptions token_cache_options(config::TokenKeeping const& settings) noexcept;

struct TokenStores {
  TokenStores(base::Random& random, config::TokenKeeping const& settings, base::TimePoint now)
      : keys(random), cache(token_cache_options(settings), now) {}
  oauth::TokenKeys keys;
  oauth::TokenCache cache;
  oauth::RefreshBook book;
};

// What became of the cache since `before`, which is then of now. One thread.
void count_tokens(oauth::TokenCache const& cache, oauth::TokenStats& before, observe::TokenMetrics const& to);

}  // namespace weir::app
