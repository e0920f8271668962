// TokenStores: what is one for the whole process of the tokens at servers.
//
// Owned by the gateway, borrowed by its workers; any thread.
#pragma once

#include "admin/token_drop.hpp"
#include "config/settings.hpp"
#include "oauth/refresh_book.hpp"
#include "oauth/sign_in_store.hpp"
#include "oauth/token_cache.hpp"
#include "oauth/token_key.hpp"
#include "observe/metrics.hpp"

namespace weir::app {

oauth::TokenCacheOptions token_cache_options(config::TokenKeeping const& settings) noexcept;

struct TokenStores {
  // `folder`: where sign-ins are kept; "": nowhere.
  TokenStores(base::Random& random, config::TokenKeeping const& settings, base::TimePoint now,
              std::string folder)
      : keys(random), cache(token_cache_options(settings), now), sign_ins(std::move(folder)) {}
  oauth::TokenKeys keys;
  oauth::TokenCache cache;
  oauth::RefreshBook book;
  oauth::SignInStore sign_ins;
};

// What became of the cache since `before`, which is then of now. One thread.
void count_tokens(oauth::TokenCache const& cache, oauth::TokenStats& before, observe::TokenMetrics const& to);

// Who may have named the user that is meant. Errors: invalid_input, where it is not said and callers show no
// tokens.
base::Result<std::vector<std::string>> issuers_of(config::Settings const& settings,
                                                  admin::TokenDrop const& drop);
// Drops what is cached for a user, and has their issuers told (F-11). How many entries that were.
std::size_t drop_tokens(TokenStores& tokens, std::vector<std::string> const& issuers,
                        std::string const& subject);

}  // namespace weir::app
