// DegradedMark: what an answer that stands in for a server's says of itself in its `_meta` (F-55).
//
//   "dev.weir/degraded":{"source":"stale","reason":"timed_out","ageSeconds":3600,"server":"docs"}
//
// The same facts are in the header Weir-Degraded, for those who see headers. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/outcome.hpp"

namespace weir::fallback {

constexpr std::string_view kDegradedKey = "dev.weir/degraded";

struct DegradedMark {
  core::Substitute source = core::Substitute::none;
  std::string_view reason;  // base::name_of the failure
  std::string_view server;  // whose answer it is, or would have been
  base::Duration age{};     // 0: unknown, or new
};

std::string_view mode_of(core::Substitute source) noexcept;  // a label
std::string json_of(DegradedMark const& mark);

// Puts it into the result's `_meta`. Nothing happens to an outcome that is no result.
void mark_degraded(core::Outcome& outcome, DegradedMark const& mark);

}  // namespace weir::fallback
