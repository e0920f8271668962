#include "upstream/http_backend.hpp"

// How HttpBackend finds out that a legacy server has become a modern one (P014).
namespace weir::upstream {

namespace {
constexpr base::Duration kLastCallsMax = std::chrono::minutes{10};
}

// Beside the calls, which go on as before: only a modern server's own word changes anything, and then the
// catalogue opens it anew.
base::Task<void> HttpBackend::probe_again_loop() {
  for (;;) {
    co_await scheduler_.sleep_for(verdict_life(options_.verdict_max, random_));
    HttpDiscovery discovery;
    NextStep step = discovery.start();
    while (step.kind == NextStep::Kind::discover) {
      auto const seen = co_await probe(step, own_session_->capabilities);
      step = seen ? discovery.answered(seen->status, seen->message ? &*seen->message : nullptr)
                  : discovery.lost(seen.error());
    }
    if (step.kind != NextStep::Kind::modern) continue;
    outgrown_ = older_ != nullptr;
    observer_.era_changed(options_.name);
  }
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
