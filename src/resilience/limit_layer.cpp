#include "resilience/limit_layer.hpp"

#include <algorithm>
#include <utility>

#include "base/ready_until.hpp"
#include "resilience/spent_elsewhere.hpp"

namespace weir::resilience {

using base::Blame;
using base::Error;
using base::Fault;
using base::TimePoint;
using Verdict = WaitQueue::Verdict;

namespace {

constexpr auto kCountUncountedEvery = std::chrono::milliseconds{50};

std::string_view reason_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::full: return "queue_full";
    case Verdict::displaced: return "displaced";
    case Verdict::crowded: return "overload";
    default: return "queue_timeout";
  }
}

TimePoint deadline_of(core::Call const& call) noexcept {
  return call.extend_by > base::Duration::zero() ? call.deadline : TimePoint::max();
}

}  // namespace

// One of the calls at the server, from when it may go there to its answer.
class LimitLayer::Place : public base::ListHook {
 public:
  Place(LimitLayer& layer, core::Call const& call) noexcept
      : layer_(layer),
        call_(call),
        deadline_(call.deadline),
        late_at_(layer.scheduler_.now() + layer.limit_.tolerable()),
        behind_(layer.answered_ + layer.in_flight_) {
    layer.places_.push_back(*this);
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  ~Place() {
    unlink();
    layer_.give_back();
  }
  bool parked() const noexcept { return call_.parked.questions > 0; }
  bool reports() const noexcept { return call_.deadline != deadline_; }  // progress has moved it
  // As many calls as may be at the server came after it and have been answered. Of what was answered since it
  // began, no more than were under way then can have begun earlier. A crowded server that does not answer in
  // turn has not lost whom it lets wait.
  bool lost(TimePoint now) const noexcept {
    return now >= late_at_ && layer_.answered_ >= behind_ + layer_.limit_.limit();
  }

 private:
  LimitLayer& layer_;
  core::Call const& call_;
  TimePoint const deadline_, late_at_;
  std::uint64_t const behind_;
};

// One who waits. What it was given and has not taken goes back when it dies.
class LimitLayer::Seat : public WaitQueue::Waiting {
 public:
  Seat(LimitLayer& layer, core::Call const& call)
      : settled(layer.scheduler_), layer_(layer), since_(layer.scheduler_.now()) {
    standing = core::standing_of(call);
    layer_.queue_.join(*this, deadline_of(call), since_);
    layer_.wake_settled();
    if (verdict == Verdict::waiting) layer_.meters_.queue_depth.add(1);
    waited_ = verdict == Verdict::waiting;
  }
  Seat(Seat const&) = delete;
  Seat& operator=(Seat const&) = delete;
  ~Seat() {
    layer_.queue_.leave(*this);
    if (!waited_) return;
    layer_.meters_.queue_depth.add(-1);
    auto const wait = layer_.scheduler_.now() - since_;
    layer_.meters_.queue_wait.observe(std::chrono::duration<double>(wait).count());
    if (layer_.meters_.saw_wait) layer_.meters_.saw_wait(wait);
    if (verdict == Verdict::admitted && !taken_) layer_.give_back();
  }
  bool take() noexcept { return taken_ = verdict == Verdict::admitted; }
  TimePoint look() {
    auto const now = layer_.scheduler_.now();
    layer_.fill_places();  // somebody may be parked since
    layer_.queue_.look(*this, now);
    layer_.wake_settled();
    if (verdict != Verdict::waiting) return now;
    // Nothing says when a place stops to count: it is looked for while there is time.
    return std::min(layer_.queue_.wake_at(*this, now), layer_.counted_ + kCountUncountedEvery);
  }

  base::Event settled;

 private:
  LimitLayer& layer_;
  TimePoint since_;
  bool waited_ = false;
  bool taken_ = false;
};

LimitLayer::LimitLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, std::string server,
                       LimitOptions const& options, LimitMeters meters)
    : inner_(std::move(inner)),
      scheduler_(scheduler),
      server_(std::move(server)),
      meters_(std::move(meters)),
      limit_(options.concurrency),
      queue_(options.queue) {
  meters_.concurrency_limit.set(limit_.limit());
}

LimitLayer::~LimitLayer() = default;

// A coroutine of its own: what most calls do not need is not in the frame in which they wait for answers.
base::Task<base::Result<void>> LimitLayer::queue_up(core::Call const& call) {
  Seat seat(*this, call);
  while (seat.verdict == Verdict::waiting) {
    auto const until = seat.look();
    if (seat.verdict == Verdict::waiting) co_await base::ready_until(scheduler_, seat.settled, until);
  }
  if (!seat.take()) co_return refusal(seat.verdict);
  co_return base::Result<void>();
}

base::Task<base::Result<core::Outcome>> LimitLayer::handle(core::Call& call) {
  if (queue_.size() == 0 && has_place()) {
    ++in_flight_;
  } else {
    auto queued = co_await queue_up(call);
    if (!queued) co_return std::move(queued).error();
  }
  Place const place(*this, call);
  auto const began = scheduler_.now();
  bool const timed = call.extend_by > base::Duration::zero();
  auto const deadline = call.deadline;
  auto const elsewhere = spent_elsewhere(call);
  auto outcome = co_await inner_->handle(call);
  if (outcome) ++answered_;
  measure(call, outcome,
          {began, timed ? deadline : began + call.extend_by, elsewhere, place.lost(scheduler_.now())});
  co_return outcome;
}

void LimitLayer::set_options(LimitOptions const& options) {
  limit_.set_options(options.concurrency);
  queue_.set_options(options.queue);
  meters_.concurrency_limit.set(limit_.limit());
  fill_places();
}

base::Duration LimitLayer::longest_wait() noexcept { return queue_.longest_wait(scheduler_.now()); }

base::Error LimitLayer::refusal(Verdict verdict) {
  limit_.refused();
  meters_.calls_shed.add(reason_of(verdict));
  return Error(Fault::busy, Blame::gateway, std::string(reason_of(verdict)), base::Retry::always)
      .about(server_)
      .advise(
          "As many calls as this server can take are under way: try again in a moment, with fewer at once.")
      .again_in(std::chrono::seconds{1});
}

bool LimitLayer::has_place() noexcept {
  auto const limit = limit_.limit();
  if (in_flight_ < limit) return true;
  if (auto const now = scheduler_.now(); now - counted_ >= kCountUncountedEvery) {
    counted_ = now;
    uncounted_ = 0;
    unsigned lost = 0;
    places_.for_each([&](Place const& place) {
      if (place.parked() || (!limit_.fixed() && place.reports())) {
        ++uncounted_;
      } else if (!limit_.fixed() && lost < kLostMost && place.lost(now)) {
        ++lost;
      }
    });
    uncounted_ += lost;
  }
  return in_flight_ < limit + uncounted_;
}

void LimitLayer::give_back() noexcept {
  --in_flight_;
  fill_places();
}

void LimitLayer::fill_places() noexcept {
  while (queue_.size() > 0 && has_place()) {
    auto* const next = static_cast<Seat*>(queue_.admit(scheduler_.now()));
    if (next == nullptr) break;
    ++in_flight_;  // handed over directly: a newcomer cannot slip in between
    next->settled.set();
  }
  wake_settled();
}

void LimitLayer::wake_settled() noexcept {
  while (auto* const one = queue_.take_settled()) static_cast<Seat*>(one)->settled.set();
}

void LimitLayer::measure(core::Call const& call, base::Result<core::Outcome> const& outcome,
                         Begun const& begun) {
  auto const now = scheduler_.now();
  auto const counted = in_flight_ - std::min(in_flight_, uncounted_);
  if (outcome) {
    bool const its_own_time = spent_elsewhere(call) == begun.elsewhere && call.deadline == begun.deadline;
    if (its_own_time && outcome->message.kind() == mcp::MessageKind::result) {
      limit_.answered(now - begun.at, counted, now);
    } else {
      limit_.ended();
    }
  } else if (outcome.error().fault == Fault::timed_out && outcome.error().blame == Blame::upstream &&
             !begun.lost) {
    limit_.dropped(now - begun.at, counted, now);
  } else {
    limit_.ended();
  }
  meters_.concurrency_limit.set(limit_.limit());
}

}  // namespace weir::resilience
