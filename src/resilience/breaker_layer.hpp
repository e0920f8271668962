// BreakerLayer: asks the breaker of the call's class before the server is called, and tells it what came of
// it.
//
// Inside the retries, so that each attempt counts. A refusal is an Error `breaker_open` that says when the
// next probe is due. A call that ends without a verdict (the client went away, our own bound was reached)
// gives its permit back. Not the server's time: what the client took to answer a question, and what an issuer
// took to give a token. Never slow: a call that reports progress, and a subscription. One frame for each
// call, no allocation beyond it.
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "resilience/server_breakers.hpp"

namespace weir::resilience {

class BreakerLayer final : public core::Handler {
 public:
  BreakerLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler,
               std::shared_ptr<ServerBreakers> breakers)
      : inner_(std::move(inner)), scheduler_(scheduler), breakers_(std::move(breakers)) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  std::shared_ptr<ServerBreakers> breakers_;
};

}  // namespace weir::resilience
