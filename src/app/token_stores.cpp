#include "app/token_stores.hpp"

namespace weir::app {

oauth::TokenCacheOptions token_cache_options(config::TokenKeeping const& settings) noexcept {
  return {settings.max, settings.lifetime};
}

void count_tokens(oauth::TokenCache const& cache, oauth::TokenStats& before,
                  observe::TokenMetrics const& to) {
  auto const now = cache.stats();
  auto const add = [&](observe::CounterSet const& set, char const* word,
                       std::uint64_t oauth::TokenStats::*what) {
    if (now.*what > before.*what) set.add(word, static_cast<double>(now.*what - before.*what));
  };
  using Stats = oauth::TokenStats;
  add(to.lookups, "hit", &Stats::hits);
  add(to.lookups, "miss", &Stats::misses);
  add(to.lookups, "refused", &Stats::refusals);
  add(to.endings, "expired", &Stats::expired);
  add(to.endings, "full", &Stats::evicted_full);
  add(to.endings, "share", &Stats::evicted_share);
  add(to.endings, "refused", &Stats::dropped);
  add(to.endings, "revoked", &Stats::revoked);
  add(to.renewals, "begun", &Stats::renewals);
  add(to.renewals, "failed", &Stats::renewals_failed);
  to.tokens.set(static_cast<double>(now.entries - now.negative));
  to.refusals.set(static_cast<double>(now.negative));
  before = now;
}

base::Result<std::vector<std::string>> issuers_of(config::Settings const& settings,
                                                  admin::TokenDrop const& drop) {
  std::vector<std::string> issuers;
  if (!drop.issuer.empty()) {
    issuers = {drop.issuer};
  } else {
    if (settings.jwt) issuers.push_back(settings.jwt->issuer);
    if (settings.introspection) issuers.push_back(settings.introspection->issuer);
  }
  if (issuers.empty()) {
    return base::Error(base::Fault::invalid_input, base::Blame::client,
                       "No caller shows a token here (`auth.jwt`, `auth.introspection`): say the `issuer`.");
  }
  return issuers;
}

std::size_t drop_tokens(TokenStores& tokens, std::vector<std::string> const& issuers,
                        std::string const& subject) {
  std::size_t dropped = 0;
  for (auto const& issuer : issuers)
    dropped += tokens.cache.drop_subject(tokens.keys.subject(issuer, subject));
  return dropped;
}

}  // namespace weir::app
