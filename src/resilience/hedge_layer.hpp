// HedgeLayer: asks a second time beside a first attempt that takes long; the first useful answer counts.
//
// Between retries and breaker, at the server's home, one thread. Off unless configured. Only for calls that
// may be repeated, once the time that `percentile` of such calls need is over (or a set time), for at most
// `max` of all calls, while the server is healthy, and not when the server reported progress or
// asked something. The second attempt works on a copy of the call: what it would tell the client is dropped,
// a question ends it. The loser is cancelled; its breaker learns nothing. Error: the first attempt's, if both
// fail.
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "observe/metrics.hpp"
#include "resilience/retry_policy.hpp"
#include "resilience/send_book.hpp"

namespace weir::resilience {

struct HedgeOptions {
  bool enabled = false;
  std::optional<base::Duration> after;  // none: at the percentile
  double percentile = 0.95;
  double max = 0.02;  // of all calls that could be hedged
};

class HedgeLayer final : public core::Handler {
 public:
  static constexpr double kSavedMax = 5;  // hedges that were not needed before

  HedgeLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, std::shared_ptr<SendBook> book,
             observe::ServerMetrics const& metrics, HedgeOptions const& options, RetryOptions retry)
      : inner_(std::move(inner)),
        scheduler_(scheduler),
        book_(std::move(book)),
        hedges_(metrics.hedges),
        options_(options),
        policy_(std::move(retry)) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  // On its thread. `retry` says what may be repeated.
  void set_options(HedgeOptions const& options, RetryOptions retry) {
    options_ = options;
    policy_ = RetryPolicy(std::move(retry));
  }

 private:
  using Answer = base::Result<core::Outcome>;
  base::Task<Answer> race(core::Call& call, base::Duration after);
  bool take_place();

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  std::shared_ptr<SendBook> book_;
  observe::Counter hedges_;
  HedgeOptions options_;
  RetryPolicy policy_;
  double saved_ = 1;
};

}  // namespace weir::resilience
