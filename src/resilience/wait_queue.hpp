// WaitQueue: who waits for a place at one server, who gets the next one, and who is told to go.
//
// One per server, at its home; one thread; time is passed in; nothing is allocated. Control goes before
// interactive, interactive before background; within one priority first come, first served. At most `bound`
// wait: one more displaces the youngest of a lower priority, or is refused. Nobody waits longer than
// `patience` nor than its own deadline.
//
// Crowded (CoDel's rule): when whoever has waited longest has waited more than `target` for a whole
// `interval`, waiting in turn would only make every answer late. Then the newest goes first, and whoever does
// not get a place within `quick` is refused while it still has time to do something else; one, the newest,
// stays until `target`, so that a place that becomes free finds somebody. That ends when nobody has been
// refused for `calm`. Control is never hurried.
//
// A Waiting lives in its owner's frame and is borrowed from join() until it has a verdict; its owner calls
// leave() if it dies before. Verdicts that fall by the way are handed out by take_settled().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"
#include "core/standing.hpp"

namespace weir::resilience {

using core::Standing;

struct QueueOptions {
  std::size_t bound = 256;
  base::Duration patience = std::chrono::seconds{2};
  base::Duration target = std::chrono::milliseconds{100};
  base::Duration interval = std::chrono::milliseconds{100};
  base::Duration quick = std::chrono::milliseconds{5};
  base::Duration calm = std::chrono::milliseconds{500};
  bool operator==(QueueOptions const&) const = default;
};

class WaitQueue {
 public:
  enum class Verdict : std::uint8_t {
    waiting,
    admitted,
    full,       // the queue is
    timed_out,  // its patience or its deadline
    displaced,  // by somebody of a higher priority
    crowded,    // too many come to wait in turn
  };

  struct Waiting : base::ListHook {
    Standing standing = Standing::interactive;
    base::TimePoint since{}, until{};
    Verdict verdict = Verdict::waiting;
  };

  explicit WaitQueue(QueueOptions const& options) : options_(options) {}
  void set_options(QueueOptions const& options) { options_ = options; }

  // `one` waits, until `deadline` at most, or is refused at once: look at its verdict.
  void join(Waiting& one, base::TimePoint deadline, base::TimePoint now);
  void leave(Waiting& one) noexcept;

  // A place is free: for whom? Null when nobody waits. Its verdict is `admitted`.
  Waiting* admit(base::TimePoint now);

  // Refuses whoever has waited too long, `one` as well if its own time is over. Everybody who waits comes
  // back at wake_at(), which is later than `now`.
  void look(Waiting& one, base::TimePoint now);
  base::TimePoint wake_at(Waiting const& one, base::TimePoint now) const noexcept;

  // Those whose verdict fell while others were being served, one by one; null when there are no more.
  Waiting* take_settled() noexcept { return settled_.pop_front(); }

  std::size_t size() const noexcept { return size_; }
  base::Duration longest_wait(base::TimePoint now) noexcept;
  bool crowded() const noexcept { return crowded_; }

 private:
  using List = base::IntrusiveList<Waiting>;
  List& list_of(Standing standing) noexcept { return lists_[static_cast<std::size_t>(standing)]; }
  void settle(Waiting& one, Verdict verdict, base::TimePoint now);
  bool make_room(Waiting const& for_one, base::TimePoint now);
  void watch(base::TimePoint now);
  void hurry(base::TimePoint now);
  Waiting const* newest() noexcept;

  QueueOptions options_;
  std::array<List, 3> lists_;  // oldest first
  List settled_;
  std::size_t size_ = 0;
  bool crowded_ = false;
  base::TimePoint above_since_ = base::TimePoint::max();  // the longest wait exceeds the target since then
  base::TimePoint refused_at_{};
};

}  // namespace weir::resilience
