// PeerProgress: whether the peer of a stream still takes what it is sent (F-58).
//
// A sign of life is a byte that the peer acknowledged. Nothing under way is no sign of death: an idle stream
// is healthy. What we write ourselves, keep-alives included, is no sign of life. Brain; one thread.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace weir::session {

class PeerProgress {
 public:
  explicit PeerProgress(base::TimePoint now) noexcept : alive_(now) {}

  // `written` bytes in all, of which `under_way` are not acknowledged. True: none was for `stale`.
  bool is_stale(std::uint64_t written, std::uint64_t under_way, base::Duration stale,
                base::TimePoint now) noexcept {
    std::uint64_t const taken = written - under_way;
    if (under_way == 0 || taken != taken_) alive_ = now;
    taken_ = taken;
    return now - alive_ >= stale;
  }

 private:
  base::TimePoint alive_;
  std::uint64_t taken_ = 0;
};

}  // namespace weir::session
