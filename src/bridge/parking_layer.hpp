// ParkingLayer: a modern client at a legacy server: turns the server's questions into `input_required`.
//
// One per server and worker, outside its deadline. A call whose client can be asked runs as a ParkedCall;
// when the server asks, the client gets `input_required` with a sealed requestState that is good once, for it
// and for the same request (P060, P061), and the call waits at this worker's desk for the retry, which may
// come at any worker. Where the server's error named pages to open (-32042, translated upstream), nothing
// waits: the retry executes the call again, unless a page was declined. Limits: those of ParkedCalls, whose
// refusals are Weir's and no failure of the server, and answer_max, after which the call is cancelled
// upstream (P062). A client that hangs up during a leg cancels the call. Errors: -32602 for a requestState
// that is not, or no longer, good; busy.
#pragma once

#include <memory>

#include "bridge/parked_call.hpp"
#include "bridge/parked_calls.hpp"
#include "core/backend.hpp"

namespace weir::bridge {

class ParkingLayer final : public core::Handler {
 public:
  // `backend` says which calls are translated.
  ParkingLayer(std::shared_ptr<core::Handler> inner, std::shared_ptr<core::Backend const> backend,
               ParkedCalls& calls, ParkingDesk& desk, base::Duration answer_max)
      : inner_(std::move(inner)),
        backend_(std::move(backend)),
        calls_(calls),
        desk_(desk),
        answer_max_(answer_max) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  using Answer = base::Result<core::Outcome>;
  base::Task<Answer> begin(core::Call& call);
  base::Task<Answer> resume(core::Call& call);
  base::Task<Answer> go_on(core::Call& call, std::string key);

  std::shared_ptr<core::Handler> inner_;
  std::shared_ptr<core::Backend const> backend_;
  ParkedCalls& calls_;
  ParkingDesk& desk_;
  base::Duration answer_max_;
};

}  // namespace weir::bridge
