// Breaker: stops calls to a server that keeps failing, and finds out with single probes when it works again.
//
// One truth per process; any thread, one short lock of its own, exact. Time is passed in. Closed, every call
// is admitted and its outcome counts: too many failures in a row, or too large a share of failures or of slow
// calls within the window, open it. Open, every call is refused until the recovery time is over; then it is
// half open and admits `probes` at a time: enough successes close it, any failure opens it again, for twice
// as long. Each change begins a new generation: what an older permit learned is of no interest any more.
// Behaviour; F-45 is what must not come back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace weir::resilience {

struct BreakerOptions {
  bool enabled = true;             // false: every call is admitted, nothing is counted
  unsigned failure_threshold = 5;  // in a row
  base::Duration recovery = std::chrono::seconds{60};
  unsigned success_threshold = 2;
  unsigned probes = 1;  // in flight while half open
  base::Duration window = std::chrono::seconds{10};
  unsigned min_calls = 20;  // within the window, before a share says anything
  double failure_rate = 0.5;
  base::Duration slow = std::chrono::seconds{5};  // a call that takes this long or longer is slow
  double slow_rate = 0.8;
  bool operator==(BreakerOptions const&) const = default;
};

enum class BreakerState : std::uint8_t { closed, open, half_open };  // the values of the state metric
enum class Verdict : std::uint8_t { success, failure };

struct BreakerMove {
  enum class Reason : std::uint8_t {
    failures,
    failure_rate,
    slow_rate,
    probe_failed,
    recovery,
    recovered,
    manual
  };
  BreakerState from, to;
  Reason reason;
  base::Duration open_for{};  // to open: how long calls are refused
};

// What an operator sees of a breaker.
struct BreakerStanding {
  BreakerState state = BreakerState::closed;
  BreakerMove::Reason reason{};  // why it left closed; of no meaning while it is
  base::Duration lasted{};       // since then, probes that failed included
  base::Duration wait{};         // open: until the next probe may go; zero: the next call is one
};

// Learns of each change once and in order. Called under the breaker's lock: brief, and never calls back.
class BreakerListener {
 public:
  virtual ~BreakerListener() = default;
  virtual void moved(BreakerMove const& move) noexcept = 0;
};

class Breaker {
 public:
  static constexpr std::size_t kBuckets = 10;
  static constexpr unsigned kGrowthMax = 3;       // doublings of the recovery time
  static constexpr unsigned kJitterPercent = 20;  // only ever longer: the first probe never comes early
  static constexpr base::Duration kCalmAfter =
      std::chrono::seconds{60};  // closed; then the growth is forgotten
  static constexpr base::Duration kProbeWait =
      std::chrono::seconds{1};  // told to those who find probes in flight

  // The right to make one call. Dropped unrecorded, it gives a probe's place back and teaches nothing.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)),
          generation_(other.generation_),
          probe_(other.probe_) {}
    Permit& operator=(Permit&& other) noexcept {
      Permit taken(std::move(other));
      std::swap(breaker_, taken.breaker_);
      std::swap(generation_, taken.generation_);
      std::swap(probe_, taken.probe_);
      return *this;
    }
    ~Permit() {
      if (breaker_ != nullptr && probe_) breaker_->give_back(generation_);
    }
    // Once at most; what comes after is ignored. `took`: the server's own time.
    void record(Verdict verdict, base::Duration took, base::TimePoint now) {
      if (auto* const breaker = std::exchange(breaker_, nullptr))
        breaker->record(generation_, verdict, took, now);
    }

   private:
    friend class Breaker;
    Permit(Breaker* breaker, std::uint64_t generation, bool probe) noexcept
        : breaker_(breaker), generation_(generation), probe_(probe) {}
    Breaker* breaker_ = nullptr;
    std::uint64_t generation_ = 0;
    bool probe_ = false;
  };

  struct Admission {
    bool admitted;
    Permit permit;
    base::Duration wait{};  // refused: until the next probe is due
    explicit operator bool() const noexcept { return admitted; }
  };

  // `listener` may be null; it outlives the breaker. `seed` is for the jitter.
  Breaker(BreakerOptions const& options, std::uint64_t seed, BreakerListener* listener = nullptr)
      : options_(options), random_(seed), listener_(listener) {}
  Breaker(Breaker const&) = delete;
  Breaker& operator=(Breaker const&) = delete;

  Admission admit(base::TimePoint now);

  // By a person: closed at once, everything forgotten.
  void reset(base::TimePoint now);

  // For a reload. The state stays; switched off, it closes. A changed window begins empty. A recovery time
  // that runs keeps its end.
  void set_options(BreakerOptions const& options, base::TimePoint now);

  BreakerState state() const noexcept { return state_.load(std::memory_order_relaxed); }
  BreakerStanding standing(base::TimePoint now) const;
  unsigned probes_in_flight() const;

 private:
  struct Bucket {
    std::int64_t turn = -1;  // which stretch of time it counts
    std::uint32_t calls = 0, failures = 0, slow = 0;
  };

  void record(std::uint64_t generation, Verdict verdict, base::Duration took, base::TimePoint now);
  void give_back(std::uint64_t generation) noexcept;
  void count(Verdict verdict, bool slow, base::TimePoint now);
  void judge(base::TimePoint now);
  void open(BreakerMove::Reason reason, base::TimePoint now);
  void close(BreakerMove::Reason reason, base::TimePoint now);
  void move_to(BreakerState to, BreakerMove::Reason reason, base::Duration open_for = {});

  mutable std::mutex lock_;
  BreakerOptions options_;
  base::SeededRandom random_;
  BreakerListener* listener_;
  std::atomic<BreakerState> state_{BreakerState::closed};  // written under the lock
  std::uint64_t generation_ = 0;
  unsigned failures_ = 0;   // closed: in a row
  unsigned successes_ = 0;  // half open
  unsigned in_flight_ = 0;  // half open: probes
  unsigned growth_ = 0;
  bool opened_before_ = false;      // since the last calm
  BreakerMove::Reason left_for_{};  // when it left closed last
  base::TimePoint left_at_{};
  base::TimePoint until_{};  // open: the first probe
  base::TimePoint closed_at_{};
  std::array<Bucket, kBuckets> window_{};
};

std::string_view name_of(BreakerState state) noexcept;
std::string_view name_of(BreakerMove::Reason reason) noexcept;  // as in the metric's label

}  // namespace weir::resilience
