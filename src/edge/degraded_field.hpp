// How an answer that stands in for a server's says so in HTTP: source, reason, age (F-55).
//
//   Weir-Degraded: stale; reason=timed_out; age=3600
//
// Pure. Names of servers are configured ones and need no quoting.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::edge {

void append_degraded_field(std::string& fields, core::DegradedFacts const& facts);  // a complete line

std::string_view word_of(core::Substitute by) noexcept;  // "" where nothing stands in

}  // namespace weir::edge
