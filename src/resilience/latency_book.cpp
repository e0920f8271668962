#include "resilience/latency_book.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

namespace weir::resilience {
namespace {

constexpr double kLeastSeconds = 1e-4;
constexpr double kPerOctave = 4;

}  // namespace

void LatencySketch::add(base::Duration took) noexcept {
  double const seconds = std::chrono::duration<double>(took).count();
  double const place =
      seconds > kLeastSeconds ? std::ceil(kPerOctave * std::log2(seconds / kLeastSeconds)) : 0;
  ++counts_[std::min(static_cast<std::size_t>(place), kBuckets - 1)];
  if (++total_ < kFull) return;
  total_ = 0;
  for (auto& count : counts_) {
    count = static_cast<std::uint16_t>(count / 2);
    total_ += count;
  }
}

std::optional<base::Duration> LatencySketch::quantile(double share) const noexcept {
  if (total_ < kEnough) return std::nullopt;
  double const wanted = share * total_;
  unsigned seen = 0;
  std::size_t bucket = 0;
  for (; bucket < kBuckets - 1; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) break;
  }
  double const seconds = kLeastSeconds * std::exp2(static_cast<double>(bucket) / kPerOctave);
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
}

LatencySketch& LatencyBook::of(core::Call const& call) noexcept {
  auto const method = static_cast<std::size_t>(call.method);
  bool const named = call.method == mcp::Method::tools_call;
  auto const name = named ? std::hash<std::string_view>{}(call.target) : 0;
  return pages_[(method + name) % kPages];
}

}  // namespace weir::resilience
