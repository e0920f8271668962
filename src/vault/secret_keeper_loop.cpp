#include "vault/secret_keeper_loop.hpp"

#include "base/ready_until.hpp"
#include "base/run_until.hpp"

namespace weir::vault {

using base::Result;
using base::Task;

SecretKeeper::SecretKeeper(base::Scheduler& scheduler, secrets::SecretTable& table, Listener& listener)
    : scheduler_(scheduler),
      table_(table),
      listener_(listener),
      news_(scheduler),
      quiet_(scheduler),
      asking_(scheduler),
      loop_(scheduler) {}

void SecretKeeper::set_source(secrets::Store store, std::unique_ptr<SecretSource> source) {
  sources_[store] = std::move(source);
}

void SecretKeeper::start() {
  if (loop_.size() == 0) loop_.spawn(run());
}

void SecretKeeper::look_again() {
  quiet_.reset();
  news_.set();
}

Task<void> SecretKeeper::ask(secrets::SecretTable::Asking asking, std::shared_ptr<SecretSource> source) {
  auto const about = asking.about();
  bool const was_well = table_.document_alarm(about).empty();
  Result<secrets::StoreAnswer> answer =
      base::Error(base::Fault::config, base::Blame::gateway, "no such store is configured");
  if (source) {
    auto const deadline = scheduler_.now() + question_max_;
    auto reading = source->read(about, deadline);
    if (co_await base::run_until(scheduler_, reading, deadline) == base::Ended::done) {
      answer = reading.take();
    } else {
      answer = base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer in time");
    }
  }
  auto const now = scheduler_.now();
  bool const answered = answer.has_value();
  secrets::SecretTable::Changes changes;
  if (answered) {
    changes = asking.brought(*answer, now, scheduler_.clock().wall());
  } else {
    asking.failed(std::move(answer).error().detail, now);
  }
  auto const alarm = table_.document_alarm(about);
  if (!alarm.empty()) {
    listener_.failed(about, alarm, table_.worth_telling(about, now));
  } else if (answered && !was_well) {
    listener_.recovered(about);
  }
  if (!changes.empty()) listener_.changed(changes);
  news_.set();
}

Task<void> SecretKeeper::run() {
  for (;;) {
    news_.reset();
    auto const now = scheduler_.now();
    table_.expire(now);
    for (auto& asking : table_.take_due(now, kAtOnce - std::min(kAtOnce, asking_.size()))) {
      auto const source = sources_.find(asking.about().store);
      auto chosen = source == sources_.end() ? nullptr : source->second;
      asking_.spawn(ask(std::move(asking), std::move(chosen)));
    }
    auto const next = table_.next_event();
    if (asking_.size() == 0 && next > scheduler_.now()) quiet_.set();
    bool const full = asking_.size() >= kAtOnce;  // whoever finishes brings news
    co_await base::ready_until(scheduler_, news_, full ? base::TimePoint::max() : next);
  }
}

Task<void> SecretKeeper::settle(base::TimePoint deadline) {
  quiet_.reset();
  news_.set();
  co_await base::ready_until(scheduler_, quiet_, deadline);
}

}  // namespace weir::vault
