// Dialect: how one server is spoken to: a client's request becomes an upstream request, its answer comes
// back.
//
// Both ways are edits of the received bytes (mcp::Splice); nothing is re-serialised. Within one era here; the
// two ways across are legacy_client.hpp and modern_client.hpp. One per backend and revision, immutable; any
// thread. Upwards: own id, the server's own name or uri, own progress token (P070), hop-scoped `_meta`
// keys rewritten, all other keys byte-exact (P082, P118). Downwards: serverInfo is the gateway's, other
// hop-scoped keys of a result's `_meta` are gone, hop-scoped errors become Error values (P117), unknown
// result types and questions that are not MCP are protocol errors (P016, P058), while a legacy server's
// result has no type, whatever it says; codes that a modern client may not see are replaced (P116); a
// completion has 100 values at most (P081).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "core/backend.hpp"
#include "core/call.hpp"
#include "mcp/message.hpp"
#include "mcp/revision.hpp"
#include "mcp/splice.hpp"

namespace weir::upstream {

// Whether a server refused the headers that we made of a request (-32020): nothing ran, others may do (P035).
bool refuses_headers(base::Result<core::Outcome> const& answer);

class Dialect {
 public:
  // `gateway_info`: the gateway's Implementation object, {"name":"weir","version":…}.
  Dialect(std::string server, mcp::Revision revision, std::string gateway_info);

  mcp::Revision revision() const noexcept { return revision_; }
  std::string const& gateway_info() const noexcept { return gateway_info_; }

  // The edits under which call.request.bytes() is sent. `id` becomes both request id and progress token. The
  // call and the Dialect must outlive the Splice.
  mcp::Splice request(core::Call const& call, std::uint64_t id) const;

  // The answer to `call` as the client may see it, or why it may not.
  base::Result<core::Outcome> answer(core::Call const& call, mcp::Message message) const;

  // What the server said of itself in a DiscoverResult or InitializeResult.
  core::ServerIdentity identity(mcp::Message const& result) const;

 private:
  void rewrite_envelope(core::Call const& call, std::string_view own, mcp::Splice& edits) const;
  core::Outcome within_era(core::Call const& call, mcp::Message message) const;
  base::Error hop_error(mcp::Message const& message) const;
  base::Error broke_protocol(std::string detail) const;
  base::Result<void> check_result_type(core::Call const& call, mcp::Message const& message) const;

  std::string server_;
  mcp::Revision revision_;
  std::string gateway_info_;
};

}  // namespace weir::upstream
