// RetryLayer: sends a call again after a failure of its server, where that is safe, affordable and in time.
//
// Outside the breaker, which sees each attempt. At the server's home, one thread. What may be repeated says
// RetryPolicy, how much RetryBudget. An attempt that may still be followed by another is given up when it
// takes far longer than such calls do (`lost`; the deadline layer ends it, so the breaker learns of it): a
// black hole then costs a part of the call's time, not all of it. Errors: the last attempt's, unchanged. One
// frame for each call, no allocation beyond it.
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "observe/metrics.hpp"
#include "resilience/retry_policy.hpp"
#include "resilience/send_book.hpp"

namespace weir::resilience {

class RetryLayer final : public core::Handler {
 public:
  RetryLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, std::shared_ptr<SendBook> book,
             observe::ServerMetrics const& metrics, RetryOptions options)
      : inner_(std::move(inner)),
        scheduler_(scheduler),
        book_(std::move(book)),
        retries_(metrics.retries),
        refused_(metrics.retries_refused) {
    set_options(std::move(options));
  }

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  // On its thread. Calls under way go on under what they began with.
  void set_options(RetryOptions options);

 private:
  using Answer = base::Result<core::Outcome>;
  using PolicyRef = std::shared_ptr<RetryPolicy const>;

  class UnderWay;
  base::Task<Answer> send(core::Call& call, PolicyRef policy);
  base::Task<Answer> send_once(core::Call& call);
  base::Duration attempt_most(core::Call const& call, RetryPolicy const& policy,
                              RetryPolicy::Attempt const& attempt) const;
  void learn(core::Call const& call, Answer const& answer, base::Duration took);
  std::optional<base::Duration> wait_before_next(core::Call const& call, Answer const& answer,
                                                 RetryPolicy const& policy,
                                                 RetryPolicy::Attempt const& attempt);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  std::shared_ptr<SendBook> book_;
  observe::CounterSet retries_, refused_;
  PolicyRef policy_;
  std::size_t under_way_ = 0;
};

}  // namespace weir::resilience
