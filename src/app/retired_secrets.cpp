#include "app/retired_secrets.hpp"

#include <algorithm>

namespace weir::app {

void RetiredSecrets::replaced(std::span<base::Secret const> before, std::span<base::Secret const> now,
                              base::TimePoint until) {
  auto const holds = [now](base::Secret const& secret) {
    return std::find(now.begin(), now.end(), secret) != now.end();
  };
  std::erase_if(values_, [&](Value const& value) { return holds(value.secret); });
  for (auto const& secret : before) {
    if (holds(secret)) continue;
    auto const known = std::find_if(values_.begin(), values_.end(),
                                    [&](Value const& value) { return value.secret == secret; });
    if (known == values_.end()) {
      values_.push_back({secret, until});
    } else {
      known->until = until;
    }
  }
}

bool RetiredSecrets::expire(base::TimePoint now, InReserve const& in_reserve) {
  return std::erase_if(values_, [&](Value const& value) {
           return now >= value.until && !in_reserve(value.secret);
         }) > 0;
}

std::vector<base::Secret> RetiredSecrets::together_with(std::vector<base::Secret> now) const {
  for (auto const& value : values_) now.push_back(value.secret);
  return now;
}

}  // namespace weir::app
