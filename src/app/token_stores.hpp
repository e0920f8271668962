// TokenStores: what is one for the whole process of the tokens at servers.
//
// Owned by the gateway, borrowed by its workers; any thread.
#pragma once

#include "oauth/refresh_book.hpp"
#include "oauth/token_cache.hpp"
#include "oauth/token_key.hpp"

namespace weir::app {

struct TokenStores {
  TokenStores(base::Random& random, base::TimePoint now) : keys(random), cache({}, now) {}
  oauth::TokenKeys keys;
  oauth::TokenCache cache;
  oauth::RefreshBook book;
};

}  // namespace weir::app
