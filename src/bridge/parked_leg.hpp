// The legs of a parked call: each goes on with it until it has its answer or the server asks again.
//
// run_leg() runs on the call's own worker and gives what comes before to `client`. FarLeg is a retry's leg,
// begun on the worker that has the client; one notification at a time is on its way back, progress under the
// retry's own token, or not at all without one (P069). Dropping either cancels the call.
#pragma once

#include <memory>
#include <string>

#include "bridge/parked_call.hpp"
#include "bridge/parked_calls.hpp"

namespace weir::bridge {

// The call's answer, or `input_required` once it waits at `desk`. Errors: busy (too many wait at its
// server, all or its client's; the call is cancelled), unavailable (Weir is stopping).
base::Task<base::Result<core::Outcome>> run_leg(ParkingDesk& desk, ParkedCalls& calls,
                                                std::shared_ptr<ParkedCall> parked, core::ClientSink& client);

class FarLeg final : public base::Errand<core::Outcome>, private core::ClientSink {
 public:
  // `responses`: JSON object or "".
  FarLeg(base::Scheduler& here, ParkingDesk& desk, ParkedCalls& calls, std::string key, std::string responses)
      : Errand(here, desk.place()),
        desk_(desk),
        calls_(calls),
        key_(std::move(key)),
        responses_(std::move(responses)),
        taken_(desk.place()->loop()) {}

  // Here: until the answer has come. `retry` hears what comes before.
  static base::Task<base::Result<core::Outcome>> serve(std::shared_ptr<FarLeg> leg, core::Call const& retry);

 private:
  base::Task<base::Result<core::Outcome>> perform() override;  // there
  base::Task<bool> notify(std::string notification) override;  // there

  ParkingDesk& desk_;  // there, while its place is open
  ParkedCalls& calls_;
  std::string key_;
  std::string responses_;
  base::Event taken_;                // there
  std::optional<std::string> note_;  // here
};

}  // namespace weir::bridge
