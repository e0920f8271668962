// IdempotencyLayer: a call that came with an Idempotency-Key is executed once; its repetitions get the same
// answer.
//
// One per worker, where calls enter; the table is the process's. Only what may change something is looked at:
// tools/call and tasks/update. Repetitions that come while the first one runs wait for its end, on whichever
// worker, no longer than their own hard end. What is remembered is the answer of a server, or that nobody
// knows what became of the call: its time was over, the connection broke, its client gave up. A failure that
// proves that nothing was executed is forgotten, and so is a question back to the client: the key stays good
// for the next try. The fingerprint is method, endpoint and params without `_meta`, which differs from try to
// try. Errors: invalid_input (the key belongs to another call, or is too long), busy (no room).
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "limits/idempotency.hpp"

namespace weir::limits {

class IdempotencyLayer final : public core::Handler {
 public:
  static constexpr std::size_t kKeyBytesMax = 256;
  static constexpr base::Duration kWaitMax = std::chrono::minutes{10};

  // `scheduler` and `table` outlive the layer.
  IdempotencyLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, IdempotencyTable& table)
      : inner_(std::move(inner)), scheduler_(scheduler), table_(table) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  class Seat;
  class Execution;
  using Answer = base::Result<core::Outcome>;
  base::Task<Answer> once(core::Call& call);
  base::Task<Answer> execute(core::Call& call, IdempotencyTable::Turn turn);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  IdempotencyTable& table_;
};

}  // namespace weir::limits
