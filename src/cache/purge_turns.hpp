// PurgeTurns: lets the buckets of a large invalidation go one after another, so that their servers are not
// asked for everything at once (F-42).
//
// A brain; belongs to one loop, time comes in. A bucket is one server's operation. Its place within the
// spread depends on its name alone: all nodes agree on it, and it is the same every night. Holds kBucketsMax
// at most; what does not fit goes at once, and is counted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace weir::cache {

struct PurgeBucket {
  std::string server;
  std::string operation;
  auto operator<=>(PurgeBucket const&) const = default;
};

class PurgeTurns {
 public:
  static constexpr std::size_t kBucketsMax = 16'384;

  // How long after the due time; less than `spread`, zero if that is zero.
  static base::Duration offset(PurgeBucket const& bucket, base::Duration spread) noexcept;

  // A bucket that waits already keeps its earlier turn.
  void add(base::TimePoint due, PurgeBucket bucket, base::Duration spread);
  std::vector<PurgeBucket> take_due(base::TimePoint now);
  std::optional<base::TimePoint> next() const;  // nothing waits: nothing
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::uint64_t unspread() const noexcept { return unspread_; }

 private:
  std::map<PurgeBucket, base::TimePoint> waiting_;
  std::set<std::pair<base::TimePoint, PurgeBucket>> order_;
  std::vector<PurgeBucket> at_once_;
  std::uint64_t unspread_ = 0;
};

}  // namespace weir::cache
