// What Weir's metrics say of the calls of a run, to be held against what the run counted itself (T-64).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::load {

struct MetricSums {
  std::uint64_t responses = 0;            // mcp_response_time_seconds
  std::uint64_t hits = 0, misses = 0;     // mcp_cache_hits_total, mcp_cache_misses_total
  std::uint64_t stale_hits = 0;           // mcp_cache_stale_hits_total
  std::uint64_t stale = 0, standard = 0;  // weir_degraded_answers_total by mode
  std::uint64_t other = 0;                // … backup and server
  std::uint64_t fallbacks = 0;            // mcp_fallbacks_total, all strategies

  // Sums over servers; `exposition` is a whole page of /metrics.
  static MetricSums of(std::string_view exposition);
  MetricSums operator-(MetricSums const& before) const noexcept;
};

}  // namespace weir::load
