// RoundsLayer: a legacy client at a modern server: asks the client what the server wants and calls again.
//
// One per server and worker, outside its deadline: each leg has its own time. A result `input_required`
// becomes real requests to the client, one after the other; the retry has the same params, the answers under
// the same keys and the exact requestState (P056, P057). Only what the client declared is asked (P059).
// Limits: rounds_max legs, leg_max for the answers of one, `pace` before a leg that brings no answers (P063).
// What cannot go on ends the call: a tool's result, else -32603. The call's request is itself again whenever
// this layer is left.
#pragma once

#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/scheduler.hpp"
#include "bridge/input_request.hpp"
#include "core/backend.hpp"
#include "core/input_request.hpp"

namespace weir::bridge {

struct RoundsOptions {
  unsigned rounds_max = 8;
  base::Duration leg_max = std::chrono::minutes{10};
  base::Duration pace = std::chrono::milliseconds{250};
  std::size_t bytes_max = 16 * 1024 * 1024;  // of a retry
};

class RoundsLayer final : public core::Handler {
 public:
  // `backend` says which calls are translated.
  RoundsLayer(std::shared_ptr<core::Handler> inner, std::shared_ptr<core::Backend const> backend,
              base::Scheduler& scheduler, base::Random& random, RoundsOptions options)
      : inner_(std::move(inner)),
        backend_(std::move(backend)),
        scheduler_(scheduler),
        random_(random),
        options_(options) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  struct Leg {
    std::string members;             // of the retry's params; empty: nothing to go on with
    std::string refusal;             // why it ends here
    std::vector<std::string> pages;  // elicitation ids that were made up for url mode
  };
  base::Task<base::Result<core::Outcome>> rounds(core::Call& call);
  base::Task<Leg> ask_all(core::Call& call, mcp::Message const& result);
  base::Task<std::string> ask_one(core::Call& call, core::InputRequest question, Leg& leg);

  std::shared_ptr<core::Handler> inner_;
  std::shared_ptr<core::Backend const> backend_;
  base::Scheduler& scheduler_;
  base::Random& random_;
  RoundsOptions options_;
};

}  // namespace weir::bridge
