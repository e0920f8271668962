// NoteRelay: which notifications of a running request its client gets to see, and as what bytes.
//
// One per request in flight. Progress: the client's own token comes back in place of ours; it must strictly
// increase (P069). Log messages: only for a modern request that asked for them, not below its level (P068);
// legacy clients get what can be attributed to the call, from the level on that they set. Keys of `_meta`
// that concern the server's hop go (P118); all else is as it came. Everything else is not for the client.
// Brain; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/call.hpp"
#include "mcp/message.hpp"

namespace weir::upstream {

inline constexpr int kNoLogLevel = 8;  // less verbose than any

class NoteRelay {
 public:
  NoteRelay() = default;  // for the gateway's own requests: relays nothing
  explicit NoteRelay(core::Call const& call);

  bool wants_log() const noexcept { return log_floor_ >= 0; }
  int log_floor() const noexcept { return log_floor_; }  // below 0: no log messages

  // A notifications/progress whose token is known to be this request's. Nothing if the client may not have
  // it.
  std::optional<std::string> progress(mcp::Message const& note);
  // A notifications/message that is attributed to this request.
  std::optional<std::string> log(mcp::Message const& note);

 private:
  std::vector<mcp::Span> of_hop(mcp::Message const& note) const;

  std::string token_;               // the client's progress token as received; empty: it gave none
  std::optional<double> progress_;  // the last one that went through
  int log_floor_ = -1;              // severity 0 debug … 7 emergency; -1: no log messages
  bool keeps_task_ = false;         // the client knows the server's tasks by the server's own ids
};

}  // namespace weir::upstream
