// StreamLife: where an event stream is between its first and its last byte, and why it ends.
//
// connecting → active → closing → closed, forward only, by compare-and-swap: any thread, any number of times
// (R-130 to R-133, F-60, F-66). begin_close() is true for one caller only: the reason that is kept is its;
// finish() is true once: its caller cleans up. The stream's owner writes the last event in between.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace weir::session {

enum class StreamState : std::uint8_t { connecting, active, closing, closed };

enum class StreamEnd : std::uint8_t {
  none,
  done,          // everything was said
  client_gone,   // it hung up, or took nothing for too long
  replaced,      // the client opened the same stream again
  session_over,  // ended, expired or evicted
  slow_reader,   // more waits for it than streams.buffer allows
  stale,         // bytes are under way that the peer does not acknowledge
  credential,    // what its caller was admitted with holds no longer
  shutdown,
};

inline constexpr std::array<std::string_view, 9> kStreamEnds{"none",     "done",         "client_gone",
                                                             "replaced", "session_over", "slow_reader",
                                                             "stale",    "credential",   "shutdown"};
inline std::string_view name_of(StreamEnd why) noexcept { return kStreamEnds[static_cast<std::size_t>(why)]; }

class StreamLife {
 public:
  StreamState state() const noexcept { return state_of(word_.load(std::memory_order_acquire)); }
  StreamEnd why() const noexcept {
    return static_cast<StreamEnd>(word_.load(std::memory_order_acquire) >> kShift);
  }

  bool activate() noexcept {  // false once it is closing
    return move(StreamState::connecting, word_of(StreamState::active, StreamEnd::none));
  }
  // The state it was in before, if this call began the end; otherwise closed.
  StreamState begin_close(StreamEnd why) noexcept {
    std::uint16_t const next = word_of(StreamState::closing, why);
    if (move(StreamState::active, next)) return StreamState::active;
    if (move(StreamState::connecting, next)) return StreamState::connecting;
    return move(StreamState::active, next) ? StreamState::active
                                           : StreamState::closed;  // activated meanwhile
  }
  bool finish() noexcept { return move(StreamState::closing, word_of(StreamState::closed, why())); }

 private:
  static constexpr unsigned kShift = 8;
  static constexpr std::uint16_t word_of(StreamState state, StreamEnd why) noexcept {
    return static_cast<std::uint16_t>(static_cast<unsigned>(state) | static_cast<unsigned>(why) << kShift);
  }
  static constexpr StreamState state_of(std::uint16_t word) noexcept {
    return static_cast<StreamState>(word & ((1U << kShift) - 1));
  }
  bool move(StreamState from, std::uint16_t to) noexcept {
    std::uint16_t seen = word_.load(std::memory_order_acquire);
    while (state_of(seen) == from)
      if (word_.compare_exchange_weak(seen, to, std::memory_order_acq_rel)) return true;
    return false;
  }
  std::atomic<std::uint16_t> word_{0};
};

}  // namespace weir::session
