// The ids under which clients know the tasks of servers (extension io.modelcontextprotocol/tasks, P115).
//
// An id says which server has the task and what that server calls it, sealed for the caller's principal: it
// cannot be guessed, belongs to nobody else, needs no table and is good for as long as the process lives. The
// same task always has the same id. Pure functions, any thread. Limit: kOwnBytesMax of a server's own id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/call.hpp"
#include "router/sealer.hpp"

namespace weir::router {

struct OwnTask {
  static constexpr std::size_t kOwnBytesMax = 1024;
  std::string server;  // configured name
  std::string id;      // as that server knows it
};

// Nothing: forged, or another principal's.
std::optional<OwnTask> open_task(Sealer const& sealer, core::Call const& call, std::string_view shown);

// Puts the caller's id of the task into an answer that names one. Error protocol, blaming the server: its own
// id is no string within the limit.
base::Result<core::Outcome> with_shown_task(Sealer const& sealer, core::Call const& call,
                                            core::Outcome outcome);

}  // namespace weir::router
