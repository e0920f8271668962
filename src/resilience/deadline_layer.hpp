// DeadlineLayer: gives each call of one server its time, and ends it when that is over.
//
// Innermost but one: around the upstream. The call's time is usually set outside already, so that it covers
// queues, attempts and what stands in for an answer; a call that has none gets its server's here. Each
// progress notification moves the end forward by the same amount, never beyond the hard maximum, which counts
// from when the call was received. Time is counted on the worker's clock. A question to the client stops it:
// whoever asks says so (core/parked.hpp), here each is withdrawn after parked_max, wherever the client is,
// and the server is told. An attempt with a time of its own (attempt_most) ends with it unless it shows a
// sign of life: progress, or a question to the client. Error: timed_out; the call is cancelled upstream. It
// blames the upstream, unless the call still waits for the client, or for what is to be shown there: that
// time is part of the call's, and not of an attempt's.
#pragma once

#include <memory>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "observe/metrics.hpp"

namespace weir::resilience {

struct DeadlineOptions {
  base::Duration call = std::chrono::seconds{5};
  base::Duration call_max = std::chrono::minutes{10};
  observe::Gauge in_flight;                              // calls of this server that have no answer yet
  base::Duration parked_max = std::chrono::minutes{10};  // for a client's answer to a question
};

class DeadlineLayer final : public core::Handler {
 public:
  // `server` outlives the layer.
  DeadlineLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, std::string server,
                DeadlineOptions options)
      : inner_(std::move(inner)), scheduler_(scheduler), server_(std::move(server)), options_(options) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  std::string server_;
  DeadlineOptions options_;
};

}  // namespace weir::resilience
