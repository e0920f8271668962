// StateSealer: the requestState that Weir itself hands to a modern client, and takes back (P060, P061).
//
// A state is `<expiry>.<handle>.<mac>`: 16 bytes of HMAC-SHA256, under a key that lives as long as the
// process, over expiry, handle and a binding. The binding says whom and what the state is for: principal,
// server, method, target and a digest of the params, in which order of keys, white space and spelling do not
// count, nor do `_meta` and what a retry adds. One per process; immutable, any thread. That a state is good
// only once is not decided here.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "core/call.hpp"

namespace weir::bridge {

// Costs one pass over the params.
std::string binding_of(core::Call const& call, std::string_view server);

class StateSealer {
 public:
  explicit StateSealer(base::Random& random) { random.fill(key_); }

  // `handle`: URL-safe text.
  std::string seal(std::string_view handle, std::string_view binding, base::TimePoint expires) const;
  // The handle. Nothing: forged, made for something else, or expired.
  std::optional<std::string> open(std::string_view state, std::string_view binding,
                                  base::TimePoint now) const;

 private:
  std::string mac(std::string_view payload, std::string_view binding) const;
  std::array<unsigned char, 32> key_;
};

}  // namespace weir::bridge
