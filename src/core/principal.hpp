// Principal: who is calling. Made by the auth layer, borrowed by everything inward; immutable.
//
// Sessions, quotas and caches bind to `id`, never to a name that a client reports of itself.
#pragma once

#include <string>
#include <vector>

namespace weir::core {

struct Principal {
  std::string id;    // "anonymous", "key:ci", later "sub:issuer|subject"
  std::string kind;  // "anonymous", "key", …: the bounded label for metrics
  std::vector<std::string> groups;
  std::string credential = {};  // digest of what was shown: tells a caller's tokens apart; "" for anonymous

  bool anonymous() const noexcept { return kind == "anonymous"; }
  friend bool operator==(Principal const&, Principal const&) = default;
};

}  // namespace weir::core
