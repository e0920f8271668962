// Authenticator: turns the credential of a request into a Principal, or refuses it.
//
// Immutable; rebuilt and swapped on a reload, shared by all workers. Keys are known by their SHA-256 only and
// compared in constant time over the hash. A listener that asks for nothing serves everybody as `anonymous`,
// whatever they send. Answers and timing do not tell an unknown key from an expired one.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/settings.hpp"
#include "core/principal.hpp"

namespace weir::auth {

class Authenticator {
 public:
  // `methods`: what the listener accepts, in order; empty accepts everybody.
  Authenticator(std::vector<std::string> const& methods, std::vector<config::ApiKey> const& keys);

  // `authorization`: value of the header, or empty. Errors: unauthenticated.
  base::Result<std::shared_ptr<core::Principal const>> identify(std::string_view authorization,
                                                                base::WallTime now) const;

 private:
  struct Key {
    std::array<std::uint8_t, 32> sha256;
    base::WallTime expires;
    std::shared_ptr<core::Principal const> principal;
  };
  bool keys_wanted_ = false;
  std::vector<Key> keys_;
  std::shared_ptr<core::Principal const> anonymous_;
};

}  // namespace weir::auth
