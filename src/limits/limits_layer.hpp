// LimitsLayer: refuses what a caller may not ask for now, and what the whole process cannot do now.
//
// One per worker, where calls enter, after the session and before the router; the brains are the process's. A
// call that may pass costs no frame here. Pings, cancels and notifications are free; lists count for the
// rates and are never let go for overload. Errors: limited (a rate; blames the client), busy (overload). Both
// always repeatable, with a time. A principal's own rate goes into the call's facts, whatever becomes of the
// call.
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "limits/overload.hpp"
#include "limits/rate_limits.hpp"
#include "observe/metrics.hpp"

namespace weir::limits {

class LimitsLayer final : public core::Handler {
 public:
  // `scheduler`, `rates` and `overload` outlive the layer.
  LimitsLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, RateTable& rates,
              Overload& overload, observe::RateMetrics counted)
      : inner_(std::move(inner)),
        scheduler_(scheduler),
        rates_(rates),
        overload_(overload),
        counted_(std::move(counted)) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  std::optional<base::Error> too_fast(core::Call& call);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  RateTable& rates_;
  Overload& overload_;
  observe::RateMetrics counted_;
};

}  // namespace weir::limits
