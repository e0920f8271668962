// LatencyBook: how long the calls of a server take, so that one that takes far too long can be told.
//
// One per server, at its home; one thread. Calls of one tool, or of one method, share one of kPages sketches,
// found by hash: strangers that meet there make the estimate coarser, never unsafe. A sketch counts by
// quarter octaves from 100 µs and halves its counts at kFull, so the past fades. About 10 KiB.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/call.hpp"

namespace weir::resilience {

class LatencySketch {
 public:
  static constexpr unsigned kFull = 1024;
  static constexpr unsigned kEnough = 20;  // before that it says nothing

  void add(base::Duration took) noexcept;
  // At most this long took `share` of the calls: the upper end of a bucket, up to a fifth too much.
  std::optional<base::Duration> quantile(double share) const noexcept;

 private:
  static constexpr std::size_t kBuckets = 80;
  std::array<std::uint16_t, kBuckets> counts_{};
  unsigned total_ = 0;
};

class LatencyBook {
 public:
  static constexpr std::size_t kPages = 64;
  LatencySketch& of(core::Call const& call) noexcept;

 private:
  std::array<LatencySketch, kPages> pages_{};
};

}  // namespace weir::resilience
