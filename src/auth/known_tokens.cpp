#include "auth/known_tokens.hpp"

namespace weir::auth {
namespace {

base::TableOptions options(std::size_t entries, base::Duration lifetime) {
  base::TableOptions made;
  made.entries_max = entries;
  made.per_principal_max = entries;
  made.idle_max = made.lifetime_max = std::max<base::Duration>(lifetime, std::chrono::nanoseconds{1});
  return made;
}

}  // namespace

KnownTokens::KnownTokens(Lifetimes const& lifetimes, std::uint64_t seed)
    : lifetimes_(lifetimes),
      good_(options(kEntriesMax, lifetimes.good), seed),
      bad_(options(kBadMax, lifetimes.bad), seed + 1) {}

KnownTokens::Found KnownTokens::find(std::string const& digest, std::uint64_t generation, base::WallTime wall,
                                     base::TimePoint now) {
  if (auto pin = good_.find(digest, {}, now)) {
    if (wall < pin->until && pin->generation == generation) return {false, pin.share()};
    auto const handle = pin.handle();
    pin = {};
    good_.erase(handle);
    return {};
  }
  return {static_cast<bool>(bad_.find(digest, {}, now)), nullptr};
}

void KnownTokens::keep(std::string const& digest, std::shared_ptr<TokenCaller const> caller,
                       base::WallTime wall, base::TimePoint now) {
  if (auto pin = good_.find(digest, {}, now)) {  // what is known now is newer
    auto const handle = pin.handle();
    pin = {};
    good_.erase(handle);
  }
  auto const until = caller->until;
  auto const kept = good_.insert(digest, {}, std::move(caller), now);
  if (!kept.pin || until >= wall + std::chrono::ceil<base::WallTime::duration>(lifetimes_.good)) return;
  std::lock_guard const lock(ends_mutex_);
  if (ends_.size() < kEndsMax) ends_.push({until, kept.pin.handle()});
}

void KnownTokens::keep_bad(std::string const& digest, base::TimePoint now) {
  if (lifetimes_.bad > base::Duration::zero()) bad_.insert(digest, {}, std::make_shared<Refused>(), now);
}

void KnownTokens::sweep(base::WallTime wall, base::TimePoint now) {
  for (;;) {
    std::optional<base::TableHandle> over;
    {
      std::lock_guard const lock(ends_mutex_);
      if (!ends_.empty() && ends_.top().at <= wall) {
        over = ends_.top().entry;
        ends_.pop();
      }
    }
    if (!over) break;
    good_.erase(*over);
  }
  while (good_.take_expired(now, kBatchMax).size() == kBatchMax) {
  }
  while (bad_.take_expired(now, kBatchMax).size() == kBatchMax) {
  }
}

}  // namespace weir::auth
