// StreamRules: how long event streams to clients may be silent, unread or closing.
//
// Part of EndpointRules: the stream of a call keeps those under which it began, one opened by GET goes by the
// latest from its next look on. From `streams.*` of the configuration; what bounds bytes is in
// session::StreamLimits.
#pragma once

#include "base/clock.hpp"

namespace weir::edge {

struct StreamRules {
  base::Duration keepalive = std::chrono::seconds{15};   // silence after which a comment is sent
  base::Duration sweep = std::chrono::seconds{30};       // how often each stream looks for signs of life
  base::Duration stale = std::chrono::minutes{5};        // without one it is closed
  base::Duration closing_max = std::chrono::seconds{5};  // for its last event
  std::uint32_t retry_ms = 1000;                         // after which a client is asked to come back
};

}  // namespace weir::edge
