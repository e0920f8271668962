#include "metric_sums.hpp"

#include <charconv>
#include <string>

namespace weir::load {
namespace {

// Of all series of that name whose labels hold `label`.
std::uint64_t sum(std::string_view page, std::string_view name, std::string_view label = "") {
  double total = 0;
  while (!page.empty()) {
    auto const end = page.find('\n');
    auto const line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
    if (line.find(label) == std::string_view::npos) continue;
    auto const value = line.substr(line.rfind(' ') + 1);
    double number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    total += number;
  }
  return static_cast<std::uint64_t>(total);
}

}  // namespace

MetricSums MetricSums::of(std::string_view page) {
  constexpr std::string_view kDegraded = "weir_degraded_answers_total";
  MetricSums now;
  now.responses = sum(page, "mcp_response_time_seconds_count");
  now.hits = sum(page, "mcp_cache_hits_total");
  now.misses = sum(page, "mcp_cache_misses_total");
  now.stale_hits = sum(page, "mcp_cache_stale_hits_total");
  now.stale = sum(page, kDegraded, R"(mode="stale")");
  now.standard = sum(page, kDegraded, R"(mode="standard")");
  now.other = sum(page, kDegraded, R"(mode="backup")") + sum(page, kDegraded, R"(mode="server")");
  now.fallbacks = sum(page, "mcp_fallbacks_total");
  return now;
}

MetricSums MetricSums::operator-(MetricSums const& before) const noexcept {
  MetricSums since = *this;
  since.responses -= before.responses;
  since.hits -= before.hits;
  since.misses -= before.misses;
  since.stale_hits -= before.stale_hits;
  since.stale -= before.stale;
  since.standard -= before.standard;
  since.other -= before.other;
  since.fallbacks -= before.fallbacks;
  return since;
}

}  // namespace weir::load
