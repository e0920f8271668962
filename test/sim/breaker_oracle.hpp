// BreakerOracle: what one circuit breaker has to do, found out from outside.
//
// Test code. Is told which calls got past the breaker, which were refused and how calls ended, and says what
// of that may not be. Shares no code with the product: written from what operators are promised. How long a
// breaker is open is known but for its jitter, so each end of the open time has two bounds. Slow calls are
// not modelled: plays stay below that. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.hpp"
#include "config/degradation_settings.hpp"

namespace weir::test {

class BreakerOracle {
 public:
  enum class State { closed, open, half_open };
  enum class Said { success, failure, nothing };
  struct Moves {  // that there must have been
    int by_failures = 0, by_rate = 0, half_opened = 0, reopened = 0, closed = 0;
    int all() const noexcept { return by_failures + by_rate + half_opened + reopened + closed; }
    Moves& operator+=(Moves const& more) noexcept;
    bool operator==(Moves const&) const = default;
  };
  struct Ticket {
    std::uint64_t generation = 0;
  };

  explicit BreakerOracle(config::BreakerSettings const& settings) : settings_(settings) {}

  // What is wrong with that; "" for nothing.
  std::string admitted(base::TimePoint now, Ticket& ticket);
  std::string refused(base::TimePoint now) const;
  void ended(Ticket ticket, Said said, base::TimePoint now);

  void set(config::BreakerSettings const& settings) {
    settings_ = settings;
  }  // a reload that keeps the server
  State state() const noexcept { return state_; }
  Moves const& moves() const noexcept { return moves_; }

 private:
  void judge(base::TimePoint now);
  void open(base::TimePoint now);
  std::int64_t turn_of(base::TimePoint when) const noexcept;

  struct Counted {
    base::TimePoint when;
    bool failed;
  };
  config::BreakerSettings settings_;
  State state_ = State::closed;
  Moves moves_;
  std::uint64_t generation_ = 0;
  unsigned in_a_row_ = 0, successes_ = 0, probes_ = 0, growth_ = 0;
  bool opened_before_ = false;
  base::TimePoint closed_at_{}, earliest_{}, latest_{};  // open: the first probe
  std::deque<Counted> window_;
};

}  // namespace weir::test
