#include "resilience/wait_queue.hpp"

#include <algorithm>

namespace weir::resilience {

using base::TimePoint;

void WaitQueue::join(Waiting& one, TimePoint deadline, TimePoint now) {
  watch(now);
  one.since = now;
  one.until = std::min(now + options_.patience, deadline);
  if (one.until <= now) {
    one.verdict = Verdict::timed_out;
  } else if (size_ >= options_.bound && !make_room(one, now)) {
    one.verdict = Verdict::full;
    if (crowded_) refused_at_ = now;
  } else {
    list_of(one.standing).push_back(one);
    ++size_;
    hurry(now);
  }
}

void WaitQueue::leave(Waiting& one) noexcept {
  if (one.verdict != Verdict::waiting || !one.linked()) return;
  one.unlink();
  --size_;
}

WaitQueue::Waiting* WaitQueue::admit(TimePoint now) {
  watch(now);
  hurry(now);
  for (auto const standing : {Standing::control, Standing::interactive, Standing::background}) {
    auto& list = list_of(standing);
    while (!list.empty()) {
      auto& next = crowded_ && standing != Standing::control ? list.back() : list.front();
      if (next.until <= now) {
        settle(next, Verdict::timed_out, now);
        continue;
      }
      next.unlink();
      --size_;
      next.verdict = Verdict::admitted;
      return &next;
    }
  }
  return nullptr;
}

void WaitQueue::look(Waiting& one, TimePoint now) {
  watch(now);
  hurry(now);
  if (one.verdict == Verdict::waiting && one.until <= now) settle(one, Verdict::timed_out, now);
}

TimePoint WaitQueue::wake_at(Waiting const& one, TimePoint now) const noexcept {
  TimePoint next = one.until;
  if (!crowded_) {
    next = above_since_ == TimePoint::max() ? one.since + options_.target + options_.interval
                                            : above_since_ + options_.interval;
  } else if (one.standing != Standing::control) {
    next = one.since + (now - one.since < options_.quick ? options_.quick : options_.target);
  }
  return std::min(one.until, next > now ? next : now + options_.interval);
}

void WaitQueue::settle(Waiting& one, Verdict verdict, TimePoint now) {
  one.unlink();
  --size_;
  one.verdict = verdict;
  if (crowded_) refused_at_ = now;
  settled_.push_back(one);
}

// The youngest of the lowest priority below the newcomer's; in a crowd the oldest of its own will do.
bool WaitQueue::make_room(Waiting const& for_one, TimePoint now) {
  for (auto const standing : {Standing::background, Standing::interactive}) {
    if (standing <= for_one.standing) break;
    if (list_of(standing).empty()) continue;
    settle(list_of(standing).back(), Verdict::displaced, now);
    return true;
  }
  auto& own = list_of(for_one.standing);
  if (!crowded_ || for_one.standing == Standing::control || own.empty()) return false;
  settle(own.front(), Verdict::crowded, now);
  return true;
}

// Whoever would be next in turn tells how long one waits here.
void WaitQueue::watch(TimePoint now) {
  auto& interactive = list_of(Standing::interactive);
  auto& list = interactive.empty() ? list_of(Standing::background) : interactive;
  TimePoint const crossing = list.empty() ? TimePoint::max() : list.front().since + options_.target;
  if (crossing >= now) {
    above_since_ = TimePoint::max();
  } else if (above_since_ == TimePoint::max()) {
    above_since_ = crossing;
  }
  if (crowded_) {
    crowded_ = now - refused_at_ < options_.calm;
  } else if (above_since_ != TimePoint::max() && now - above_since_ >= options_.interval) {
    crowded_ = true;
    refused_at_ = now;
  }
}

base::Duration WaitQueue::longest_wait(TimePoint now) noexcept {
  auto longest = base::Duration::zero();
  for (auto& list : lists_) {
    if (!list.empty()) longest = std::max(longest, now - list.front().since);
  }
  return longest;
}

WaitQueue::Waiting const* WaitQueue::newest() noexcept {
  for (auto const standing : {Standing::interactive, Standing::background}) {
    if (!list_of(standing).empty()) return &list_of(standing).back();
  }
  return nullptr;
}

void WaitQueue::hurry(TimePoint now) {
  if (!crowded_) return;
  auto const* const keep = newest();
  for (auto const standing : {Standing::background, Standing::interactive}) {
    auto& list = list_of(standing);
    while (!list.empty()) {
      auto& oldest = list.front();
      if (now - oldest.since < (&oldest == keep ? options_.target : options_.quick)) break;
      settle(oldest, Verdict::crowded, now);
    }
  }
}

}  // namespace weir::resilience
