#include "resilience/hedge_layer.hpp"

#include <algorithm>
#include <utility>

#include "base/run_until.hpp"
#include "base/task_group.hpp"
#include "core/owned_call.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

using Answer = base::Result<core::Outcome>;

// The client of the second attempt: nobody listens, and nobody is to be asked twice.
struct Mute final : core::ClientSink {
  base::Task<bool> notify(std::string) override { co_return true; }
};

struct Leg {
  std::optional<Answer> answer;
  bool useful() const noexcept { return answer && *answer && verdict_on_server(*answer) != Verdict::failure; }
};

// `work` may have been started before. Everything outlives the task.
base::Task<void> ride(base::Scheduler& scheduler, base::Task<Answer> work, Leg& leg, base::Event& landed) {
  co_await base::run_until(scheduler, work, base::TimePoint::max());
  leg.answer.emplace(work.take());
  landed.set();
}

}  // namespace

base::Task<Answer> HedgeLayer::handle(core::Call& call) {
  if (!options_.enabled || !policy_.repeatable(call)) return inner_->handle(call);
  saved_ = std::min(saved_ + options_.max, kSavedMax);
  auto const usual = book_->times.of(call).quantile(options_.percentile);
  auto const after = options_.after ? options_.after : usual;
  if (!after) return inner_->handle(call);
  return race(call, *after);
}

bool HedgeLayer::take_place() {
  if (saved_ < 1 || !book_->budget.healthy()) return false;
  saved_ -= 1;
  hedges_.add();
  return true;
}

base::Task<Answer> HedgeLayer::race(core::Call& call, base::Duration after) {
  auto const deadline = call.deadline;
  auto const questions = call.parked.questions;
  auto work = inner_->handle(call);
  auto const ended = co_await base::run_until(scheduler_, work, scheduler_.now() + after);
  if (ended == base::Ended::done) co_return work.take();
  bool const silent = call.deadline == deadline && call.parked.questions == questions;
  bool const there = !call.facts.credential.awaited;  // another attempt would wait for the same token
  if (!silent || !there || !take_place()) {
    co_await base::run_until(scheduler_, work, base::TimePoint::max());
    co_return work.take();
  }
  Mute mute;
  core::OwnedCall copy(call);
  copy.call.client = &mute;
  copy.call.deadline_latest = call.deadline;
  Leg first, second;
  base::Event landed(scheduler_);
  base::TaskGroup legs(scheduler_);
  legs.spawn(ride(scheduler_, std::move(work), first, landed));
  legs.spawn(ride(scheduler_, inner_->handle(copy.call), second, landed));
  while (!first.useful() && !second.useful() && !(first.answer && second.answer)) {
    landed.reset();
    co_await landed.wait();
  }
  if (first.useful() || !second.useful()) co_return std::move(*first.answer);
  call.facts.add(copy.call.facts);
  co_return std::move(*second.answer);
}

}  // namespace weir::resilience
