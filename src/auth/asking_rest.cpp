#include "auth/asking_rest.hpp"

#include <algorithm>

namespace weir::auth {

using base::Fault;

void AskingRest::rest_all(base::Duration time, base::Error const& why, base::TimePoint now) {
  all_ = Rest{now + time, why};
}

void AskingRest::failed(std::string const& digest, base::Error const& error, base::TimePoint now) {
  if (error.fault == Fault::config) return rest_all(kRefusedFor, error, now);
  if (error.retry_after > base::Duration{}) {
    return rest_all(std::clamp(error.retry_after, kAwayMin, kThrottledMax), error, now);
  }
  if (error.fault == Fault::connect_failed) {
    if (all_ && now < all_->until) return;  // asked before that was known
    away_ = std::clamp(2 * away_, kAwayMin, kAwayMax);
    return rest_all(away_, error, now);
  }
  if (tokens_.size() >= kTokensMax && !tokens_.contains(digest)) {
    tokens_.erase(std::min_element(tokens_.begin(), tokens_.end(), [](auto const& one, auto const& other) {
      return one.second.until < other.second.until;
    }));
  }
  auto const time = error.fault == Fault::protocol ? kNonsenseFor : kFailedFor;
  tokens_.insert_or_assign(digest, Rest{now + time, error});
}

void AskingRest::answered() noexcept {
  all_.reset();
  away_ = {};
}

std::optional<base::Error> AskingRest::find(std::string const& digest, base::TimePoint now) const {
  auto const left = [now](Rest const& rest) { return base::Error(rest.why).again_in(rest.until - now); };
  if (all_ && now < all_->until) return left(*all_);
  auto const found = tokens_.find(digest);
  if (found == tokens_.end() || now >= found->second.until) return std::nullopt;
  return left(found->second);
}

void AskingRest::sweep(base::TimePoint now) {
  std::erase_if(tokens_, [now](auto const& one) { return now >= one.second.until; });
}

}  // namespace weir::auth
