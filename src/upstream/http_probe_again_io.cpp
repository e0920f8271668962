#include "upstream/http_backend.hpp"

// How HttpBackend finds out that a server has become one of the other era (P014): in time, if it was a legacy
// one, and at once where its answers put it in doubt.
namespace weir::upstream {

using base::Result;
using core::Outcome;

namespace {
constexpr base::Duration kLastCallsMax = std::chrono::minutes{10};
constexpr base::Duration kTurnTime = std::chrono::milliseconds{300};  // from a doubt to the other era
}  // namespace

// Beside the calls, which go on as before. A modern server is sent no `initialize` (P012) unless it is to be
// found out whether it is a legacy one now; the session that this opens there is ended again.
base::Task<bool> HttpBackend::found_to_be(NextStep::Kind verdict) {
  HttpDiscovery discovery;
  NextStep step = discovery.start();
  bool const to_the_end = verdict == NextStep::Kind::legacy;
  while (step.kind == NextStep::Kind::discover || (to_the_end && step.kind == NextStep::Kind::initialize)) {
    auto seen = co_await probe(step, own_session_->capabilities);
    if (!seen) {
      step = discovery.lost(seen.error());
      continue;
    }
    auto const asked = step;
    step = discovery.answered(seen->status, seen->message ? &*seen->message : nullptr);
    if (asked.kind == NextStep::Kind::initialize && !seen->session.empty())
      background_.spawn(end_session(std::move(seen->session), asked.revision));
  }
  co_return step.kind == verdict;
}

// Only a server's own word changes anything, and then the catalogue opens it anew.
base::Task<void> HttpBackend::probe_again_loop() {
  for (;;) {
    co_await scheduler_.sleep_for(verdict_life(options_.verdict_max, random_));
    bool const changed = co_await found_to_be(NextStep::Kind::modern);
    if (!changed) continue;
    outgrown_ = older_ != nullptr;
    observer_.era_changed(options_.name);
  }
}

void HttpBackend::doubt_era(bool modern) {
  bool const found_anyway = own_session_->over || status_.state == core::ServerState::starting;
  if (found_anyway || !era_doubt_.begin(scheduler_.now())) return;
  if (!modern && modern_) {  // only whether it serves legacy clients as well: the next of them asks
    legacy_asked_.reset();
    return era_doubt_.end(scheduler_.now());
  }
  looking_.spawn(look_again(modern ? NextStep::Kind::legacy : NextStep::Kind::modern));
}

base::Task<void> HttpBackend::look_again(NextStep::Kind verdict) {
  struct Over {  // also when it is cancelled
    HttpBackend& backend;
    explicit Over(HttpBackend& b) noexcept : backend(b) {}
    Over(Over const&) = delete;
    Over& operator=(Over const&) = delete;
    ~Over() { backend.era_doubt_.end(backend.scheduler_.now()); }
  } const over(*this);
  bool const changed = co_await found_to_be(verdict);
  if (!changed || status_.state == core::ServerState::starting) co_return;
  observer_.era_changed(options_.name);
  co_await scheduler_.sleep_for(kTurnTime);  // it is being opened anew
}

// A refused version proves that nothing ran: such a call may be sent again, once the other era is known.
void HttpBackend::weigh(bool modern, int status, Result<Outcome>& answer) {
  if (!raises_doubt(modern, status, answer)) return;
  doubt_era(modern);
  if (era_doubt_.asking() && refuses_version(answer)) answer.error().retry_after = kTurnTime;
}

// Its calls may end; new ones come here. It is kept until the next one retires, because they use it.
void HttpBackend::retire_older() {
  if (!older_) return;
  retired_ = std::move(older_);
  outgrown_ = false;
  retired_->hear(nullptr);
  background_.spawn(retired_->close(scheduler_.now() + kLastCallsMax));
}

}  // namespace weir::upstream
