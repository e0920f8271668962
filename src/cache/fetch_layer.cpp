#include "cache/fetch_layer.hpp"

#include <algorithm>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "cache/kept_form.hpp"

namespace weir::cache {

using base::Blame;
using base::Error;
using base::Fault;
using base::TimePoint;
using core::CacheUse;

namespace {

double luck_of(base::Random& random) { return static_cast<double>(random.next() >> 11U) * 0x1p-53; }

std::chrono::milliseconds ms_of(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

}  // namespace

// One of those who wait. Their last one's end is the fetch's.
class FetchLayer::Seat {
 public:
  Seat(FetchLayer& layer, FlightRef flight, bool leads)
      : layer_(layer), flight_(std::move(flight)), leads_(leads) {
    ++flight_->waiters;
  }
  Seat(Seat const&) = delete;
  Seat& operator=(Seat const&) = delete;
  ~Seat() {
    if (leads_) flight_->abandon();
    if (--flight_->waiters > 0) return;
    flight_->unwanted.set();
    layer_.forget(flight_);
  }

 private:
  FetchLayer& layer_;
  FlightRef flight_;
  bool leads_;
};

base::Task<FetchLayer::Answer> FetchLayer::handle(core::Call& call) {
  auto order = std::static_pointer_cast<CacheOrder const>(call.cache_order);
  if (order == nullptr) return inner_->handle(call);
  return fetch(call, std::move(order));
}

FetchLayer::FlightRef FetchLayer::find(CacheOrder const& order) {
  auto const found = flights_.find(order.meeting_point());
  if (found == flights_.end()) return nullptr;
  auto const& flight = *found->second;
  bool const may_bring_copy =
      cache_.store() != nullptr && flight.attempt == 1 && !flight.order->refresh && !flight.order->fresh_only;
  bool const will_do = !order.fresh_only || !may_bring_copy;
  if (will_do && cache_.current(order, flight.born)) return found->second;
  flights_.erase(found);  // it goes on for those who came before the invalidation, or who take a copy
  return nullptr;
}

FetchLayer::FlightRef FetchLayer::begin(core::Call const& call, std::shared_ptr<CacheOrder const> order,
                                        unsigned attempt) {
  auto flight = std::make_shared<Flight>(scheduler_, call, std::move(order), attempt);
  // A time from the beginning: set further inward, it would look like progress to the layers between.
  if (auto& copy = flight->copy.call; copy.extend_by == base::Duration::zero()) {
    copy.extend_by = options_.call;
    copy.deadline = scheduler_.now() + options_.call;
  }
  flight->born = cache_.latest();
  if (cache_.store() != nullptr) flight->store_born = cache_.store()->sequence();
  flights_[flight->order->meeting_point()] = flight;
  return flight;
}

void FetchLayer::forget(FlightRef const& flight) {
  auto const found = flights_.find(flight->order->meeting_point());
  if (found != flights_.end() && found->second == flight) flights_.erase(found);
}

// It may have landed on the way here.
std::optional<FetchLayer::Answer> FetchLayer::in_memory(core::Call& call, CacheOrder const& order) {
  if (order.refresh || order.fresh_only) return std::nullopt;
  auto const now = scheduler_.now();
  auto const copy = cache_.look(order, now);
  if (!copy || copy->outdated || now - copy->facts.fetched >= copy->facts.fresh_for) return std::nullopt;
  return handed_out(call, copy->answer, copy->for_everybody, CacheUse::hit, "memory", now);
}

// A refresh in the background joins nobody: what is under way already will do.
base::Task<FetchLayer::Answer> FetchLayer::fetch(core::Call& call, std::shared_ptr<CacheOrder const> order) {
  bool const timed = call.extend_by > base::Duration::zero();
  auto const until = timed ? call.deadline : scheduler_.now() + options_.call;
  for (unsigned attempt = 1;; ++attempt) {
    auto flight = find(*order);
    if (flight == nullptr) {
      if (auto found = in_memory(call, *order)) co_return std::move(*found);
    }
    bool const leads = flight == nullptr;
    if (leads) {
      flight = begin(call, order, attempt);
      group_.spawn(fly(flight));
    } else if (order->refresh || flight->waiters >= options_.waiters_max) {
      co_return Error(Fault::busy, Blame::gateway, "too many calls wait for the same answer",
                      base::Retry::always);
    } else {
      metrics_.cache_coalesced.add();
    }
    auto answered = co_await wait(call, flight, leads, until);
    bool const again = !leads && flight->failure && flight->attempt == 1 && attempt == 1;
    if (!again || scheduler_.now() >= until) co_return answered;
  }
}

base::Task<FetchLayer::Answer> FetchLayer::wait(core::Call& call, FlightRef flight, bool leads,
                                                TimePoint until) {
  {
    Seat const seat(*this, flight, leads);
    while (leads && !flight->landed.is_set()) {
      if (flight->has_notes()) {
        co_await flight->pass_notes(*call.client);
      } else if (flight->has_question()) {
        auto asking = flight->pass_question(*call.client);
        co_await base::run_until(scheduler_, asking, TimePoint::max(), &flight->landed);
      } else {
        co_await flight->beginner.wait();
        flight->beginner.reset();
      }
    }
    if (leads && flight->has_notes()) co_await flight->pass_notes(*call.client);
    while (!leads && !flight->stirred.is_set()) {
      auto const most = flight->moved_on ? std::max(until, flight->copy.call.deadline) : until;
      if (co_await base::ready_until(scheduler_, flight->stirred, most)) break;
      if (flight->moved_on && flight->copy.call.deadline > scheduler_.now()) continue;
      leave(call, *flight);
      co_return Error(Fault::timed_out, Blame::upstream, "no answer within the deadline",
                      base::Retry::if_idempotent)
          .about(flight->order->labels.server)
          .advise("Try again later, or raise timeout_ms for this server.");
    }
    if (leads || !flight->personal) {
      auto answered = answer(call, *flight, leads);
      co_return answered;
    }
  }
  co_return co_await inner_->handle(call);  // nothing to share
}

base::Task<void> FetchLayer::fly(FlightRef flight) {
  auto working = work(flight);
  auto const ended = co_await base::run_until(scheduler_, working, TimePoint::max(), &flight->unwanted);
  if (ended != base::Ended::done) co_return;
  forget(flight);
  flight->landed.set();
  flight->stirred.set();
  flight->beginner.set();
}

base::Task<void> FetchLayer::work(FlightRef flight) {
  auto const& order = *flight->order;
  bool const ask = cache_.store() != nullptr && !order.refresh && !order.fresh_only && flight->attempt == 1;
  if (ask && co_await ask_store(*flight)) co_return;
  auto outcome = co_await inner_->handle(flight->copy.call);
  land(*flight, std::move(outcome));
}

// True: it had a fresh one, which is in memory now too.
base::Task<bool> FetchLayer::ask_store(Flight& flight) {
  auto const& order = *flight.order;
  std::optional<store::Found> found;
  bool for_everybody = order.shared;
  if (!order.shared) {
    store::StoreKey key{order.labels, order.own};
    found = co_await cache_.store()->get(scheduler_, std::move(key));
  }
  if (!found && (order.shared || order.hinted)) {
    store::StoreKey key{order.labels_of(true), order.everybody};
    found = co_await cache_.store()->get(scheduler_, std::move(key));
    for_everybody = true;
  }
  auto const now = scheduler_.now();
  auto const age = found ? std::max<base::Duration>(scheduler_.clock().wall() - found->answer.fetched,
                                                    base::Duration::zero())
                         : base::Duration::zero();
  bool const fresh = found && !found->outdated && age < found->answer.fresh_for && !found->answer.negative;
  metrics_.store_lookups.add(!found ? "miss" : fresh ? "hit" : "stale");
  if (!found || found->answer.negative || (!fresh && order.leftover == nullptr)) co_return false;
  AnswerFacts facts;
  facts.fetched = now - age;
  facts.fresh_for = found->answer.fresh_for;
  facts.kept_for = found->answer.kept_for;
  facts.cost = found->answer.cost;
  facts.born = flight.born;
  facts.meta_at = found->answer.meta_at;
  auto kept = KeptAnswer::make(facts, order.labels_of(for_everybody), found->answer.bytes);
  if (!kept) co_return false;
  if (!fresh) {
    flight.leftover = {std::move(kept), for_everybody};
    co_return false;
  }
  flight.kept = std::move(kept);
  flight.for_everybody = for_everybody;
  flight.from_store = true;
  cache_.keep(order, flight.kept, for_everybody, now);
  co_return true;
}

void FetchLayer::land(Flight& flight, base::Result<core::Outcome> outcome) {
  if (!outcome) {
    flight.failure = outcome.error();
    return;
  }
  auto const reuse = reuse_of(*outcome);
  if (reuse == Reuse::never) flight.personal = true;
  std::optional<Lifetime> lifetime;
  bool negative = false;
  if (!flight.personal && reuse == Reuse::keep) {
    lifetime = lifetime_of(*flight.order, hints_of(*outcome), luck_of(random_));
  } else if (!flight.personal && flight.order->negative > base::Duration::zero()) {
    negative = says_not_found(flight.copy.call, *outcome);
  }
  if (lifetime || negative) keep(flight, *outcome, lifetime.value_or(Lifetime{}), negative);
  if (flight.kept) return;
  if (flight.personal || flight.waiters <= 1) {
    flight.outcome = std::move(*outcome);
    return;
  }
  flight.shared_text.emplace();
  outcome->edits.append_to(*flight.shared_text);
}

void FetchLayer::keep(Flight& flight, core::Outcome const& outcome, Lifetime const& lifetime, bool negative) {
  auto const& order = *flight.order;
  auto const now = scheduler_.now();
  KeptForm form;
  AnswerFacts facts;
  facts.fetched = now;
  facts.cost = now - flight.begun;
  facts.born = flight.born;
  facts.negative = negative;
  if (negative) {
    outcome.edits.append_to(form.bytes);
    facts.fresh_for = facts.kept_for = order.negative;
  } else {
    form = kept_form(outcome);
    facts.fresh_for = lifetime.fresh;
    facts.kept_for = lifetime.kept;
  }
  facts.meta_at = form.meta_at;
  auto const labels = order.labels_of(lifetime.for_everybody);
  flight.for_everybody = lifetime.for_everybody;
  flight.kept = KeptAnswer::make(facts, labels, form.bytes);
  if (!flight.kept) return;  // too large
  cache_.keep(order, flight.kept, lifetime.for_everybody, now);
  if (cache_.store() == nullptr || negative) return;
  store::StoredAnswer stored;
  stored.bytes = std::move(form.bytes);
  stored.fetched = scheduler_.clock().wall();
  stored.fresh_for = ms_of(lifetime.fresh);
  stored.kept_for = ms_of(lifetime.kept);
  stored.cost = ms_of(facts.cost);
  stored.born = flight.store_born;
  stored.meta_at = form.meta_at;
  store::StoreKey key{labels, lifetime.for_everybody ? order.everybody : order.own};
  cache_.store()->put(std::move(key), std::move(stored));
}

// What the store had goes to the caller's side, which may have nothing better.
void FetchLayer::leave(core::Call const& call, Flight const& flight) {
  auto const order = std::static_pointer_cast<CacheOrder const>(call.cache_order);
  if (order->leftover != nullptr && flight.leftover.answer) *order->leftover = flight.leftover;
}

FetchLayer::Answer FetchLayer::answer(core::Call& call, Flight& flight, bool leads) {
  if (leads) {
    call.facts.add(flight.copy.call.facts);
    call.deadline = std::max(call.deadline, flight.copy.call.deadline);  // progress has moved it
  }
  auto& facts = call.facts.cache;
  facts.use = CacheUse::miss;
  facts.joined = !leads;
  if (flight.failure) {
    leave(call, flight);
    return *flight.failure;
  }
  if (flight.kept) {
    facts.stored = !flight.from_store;
    auto const use = flight.from_store ? CacheUse::hit : CacheUse::miss;
    return handed_out(call, flight.kept, flight.for_everybody, use, "store", scheduler_.now());
  }
  if (flight.outcome && leads && (flight.personal || flight.waiters == 1)) return std::move(*flight.outcome);
  if (!flight.shared_text) {  // its beginner left before it landed
    flight.shared_text.emplace();
    flight.outcome->edits.append_to(*flight.shared_text);
  }
  return core::from_message(*flight.shared_text);
}

}  // namespace weir::cache
