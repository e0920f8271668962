// FaultPipe: two Streams joined in memory, as net/pipe, that break where a test says.
//
// Trial counts what the near end (Weir's) moves, in steps or in bytes, and breaks the pipe when its allowance
// is used up; both ends notice. One Trial may watch several pipes. Tally counts the ends that live and the
// bytes under way, so that a test can ask whether everything was closed and how much a writer got rid of. One
// scheduler.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>

#include "net/pipe.hpp"

namespace weir::test {

struct Trial {
  enum class Unit { steps, bytes };
  enum class How {
    reset,  // both sides fail at once
    end,    // the peer has gone: end of bytes for reading, nobody there for writing
    stall,  // nothing moves any more, until one end gives up
  };
  Unit unit = Unit::steps;
  How how = How::reset;
  std::size_t left = std::numeric_limits<std::size_t>::max();  // allowance still there
  std::size_t used = 0;
  bool tripped() const noexcept { return left == 0; }
};

struct Tally {
  std::size_t near_ends = 0;  // that live
  std::size_t opened = 0;     // pipes ever
  std::size_t buffered = 0;   // bytes written and not read
  std::size_t buffered_most = 0;
};

// first: the near end. `trial` may be null; both outlive the pipe.
net::StreamPair make_fault_pipe(base::Scheduler& scheduler, std::size_t capacity, Tally& tally,
                                Trial* trial = nullptr);

}  // namespace weir::test
