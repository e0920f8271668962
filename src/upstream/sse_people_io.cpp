#include "upstream/sse_people_io.hpp"

#include "base/run_until.hpp"
#include "upstream/credential_exchange_io.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

constexpr base::Duration kGoodbye = std::chrono::seconds{5};

}  // namespace

SsePeople::SsePeople(base::Scheduler& scheduler, std::shared_ptr<core::CredentialSource> tokens, Make make)
    : scheduler_(scheduler),
      tokens_(std::move(tokens)),
      make_(std::move(make)),
      own_(make_(nullptr, nullptr)),
      tasks_(scheduler) {}

Task<Result<core::Outcome>> SsePeople::handle(core::Call& call) {
  if (call.principal == nullptr) co_return co_await own_->handle(call);
  if (!tokens_->ready(call.principal)) {
    auto token = co_await obtain_for(scheduler_, tokens_, shown_for(call, scheduler_.now()));
    if (!token) co_return std::move(token).error().about(std::string(name()));
  }
  if (closed_) {
    co_return Error(Fault::unavailable, Blame::gateway, "the server is being stopped", base::Retry::always)
        .about(std::string(name()));
  }
  auto const stream = stream_of(*call.principal);
  if (!stream) {
    co_return Error(Fault::busy, Blame::gateway,
                    std::to_string(kMost) + " callers are using streams of their own at this server")
        .about(std::string(name()))
        .advise("Try again when one of their calls has ended.");
  }
  struct InUse {
    Stream& stream;
    base::Scheduler& scheduler;
    InUse(Stream& s, base::Scheduler& at) noexcept : stream(s), scheduler(at) { ++stream.calls; }
    InUse(InUse const&) = delete;
    InUse& operator=(InUse const&) = delete;
    ~InUse() {
      --stream.calls;
      stream.used = scheduler.now();
      stream.people.look_at(stream);
    }
  } const here(*stream, scheduler_);
  co_return co_await stream->backend->handle(call);
}

SsePeople::Held SsePeople::stream_of(core::Principal const& caller) {
  auto acts_as = tokens_->acts_as(caller);
  auto const found = streams_.find(caller.id);
  if (found != streams_.end() && (*found->second)->acts_as != acts_as) {
    retire(found->second);
  } else if (found != streams_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    order_.front()->owner->principal = caller;  // with what they have shown now
    return order_.front();
  }
  if (streams_.size() >= kMost && !make_room()) return nullptr;
  auto made = std::make_shared<Stream>(*this);
  made->owner = std::make_shared<SseOwner>(SseOwner{caller});
  made->acts_as = std::move(acts_as);
  made->backend = make_(made->owner, made.get());
  made->used = scheduler_.now();
  order_.push_front(made);
  streams_.emplace(caller.id, order_.begin());
  if (!std::exchange(sweeping_, true)) tasks_.spawn(sweep());
  return made;
}

bool SsePeople::make_room() {
  for (auto one = order_.end(); one != order_.begin();) {
    --one;
    if ((*one)->calls > 0) continue;
    retire(one);
    return true;
  }
  return false;
}

void SsePeople::retire(Order::iterator one) {
  tasks_.spawn(end(*one, scheduler_.now() + kGoodbye));
  streams_.erase((*one)->owner->principal.id);
  order_.erase(one);
}

// Neither at work nor about to be: a backend that was not asked for anything yet is stopped.
bool SsePeople::Stream::over() const {
  return calls == 0 && backend != nullptr && backend->status().state != core::ServerState::ready;
}

void SsePeople::look_at(Stream& stream) {
  if (closed_ || !stream.over()) return;
  auto const found = streams_.find(stream.owner->principal.id);
  if (found != streams_.end() && found->second->get() == &stream) retire(found->second);
}

Task<void> SsePeople::end(Held stream, base::TimePoint deadline) {
  co_await scheduler_.sleep_for(base::Duration::zero());  // it may be its backend that says so
  co_await stream->backend->close(deadline);
}

Task<void> SsePeople::sweep() {
  for (;;) {
    co_await scheduler_.sleep_for(kSweep);
    for (auto one = order_.begin(); one != order_.end();) {
      auto const next = std::next(one);
      auto const& stream = **one;
      bool const over = scheduler_.now() - stream.used >= kIdle || !tokens_->ready(&stream.owner->principal);
      if (stream.calls == 0 && over) retire(one);
      one = next;
    }
  }
}

Task<void> SsePeople::close(base::TimePoint deadline) {
  closed_ = true;
  tasks_.cancel();
  base::TaskGroup ending(scheduler_);
  for (auto const& stream : order_) ending.spawn(end(stream, deadline));
  co_await own_->close(deadline);
  auto const all = [](base::TaskGroup& group) -> Task<void> { co_await group.idle(); };
  auto waiting = all(ending);
  co_await base::run_until(scheduler_, waiting, deadline);
  order_.clear();
  streams_.clear();
}

}  // namespace weir::upstream
