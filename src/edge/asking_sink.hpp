// AskingSink: the part of a ClientSink that asks a legacy client what a server wants to know.
//
// Lives in the frame of the request it serves; one worker thread. The question goes out as a notification
// would, on the stream of the call it belongs to, and the call's clock stands still meanwhile. Only what the
// client declared in `initialize` is asked. Limits: Questions::kOpenMax per session, ask_max each; the
// server's parked_max ends it before that (resilience/deadline_layer.hpp). A question that nobody waits for
// any more is withdrawn with notifications/cancelled.
#pragma once

#include <string>

#include "core/call.hpp"
#include "session/session_table.hpp"

namespace weir::edge {

class AskingSink : public core::ClientSink {
 public:
  struct Parts {
    base::Scheduler& scheduler;
    session::SessionTable& sessions;
    base::Duration ask_max;
  };
  // `call` outlives the sink.
  AskingSink(Parts parts, core::Call& call) noexcept : parts_(parts), call_(call) {}

  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) final;

 protected:
  // Like notify(), without waiting: dropped when that is not possible.
  virtual void tell_now(std::string notification) = 0;
  // Set once the client has gone and cannot come back for what it was asked.
  virtual base::Event& client_left() noexcept = 0;

  Parts parts_;
  core::Call& call_;

 private:
  class Asking;
};

}  // namespace weir::edge
