// Of a call's time, what was not the server's: its client was asked something, or an issuer for a token.
//
// Pure. Whoever judges a server by how long calls take leaves this out (F-45).
#pragma once

#include "core/call.hpp"

namespace weir::resilience {

inline base::Duration spent_elsewhere(core::Call const& call) noexcept {
  return call.parked.stood + call.facts.credential.took;
}

}  // namespace weir::resilience
