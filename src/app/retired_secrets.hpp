// RetiredSecrets: values of secrets that the settings of now do not have any more, for as long as the log has
// to mask them.
//
// Brain; one thread, time is passed in. A server that is being closed, or one that refuses the new value, is
// still shown the one before: until its time is over, and for as long as it is in reserve, it must not stand
// in a line. Then it is wiped. Bounded by what reloads bring within that time.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace weir::app {

class RetiredSecrets {
 public:
  using InReserve = std::function<bool(base::Secret const&)>;

  // Settings took the place of others. `until`: when the values that went are over.
  void replaced(std::span<base::Secret const> before, std::span<base::Secret const> now,
                base::TimePoint until);
  // True: some are gone, the mask has to be made anew.
  bool expire(base::TimePoint now, InReserve const& in_reserve);
  // All that is to be masked while these settings hold.
  std::vector<base::Secret> together_with(std::vector<base::Secret> now) const;
  std::size_t size() const noexcept { return values_.size(); }

 private:
  struct Value {
    base::Secret secret;
    base::TimePoint until;
  };
  std::vector<Value> values_;
};

}  // namespace weir::app
