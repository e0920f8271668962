// What the gateway itself asks of a server, in either era, as finished JSON-RPC text.
//
// Modern requests carry the per-request envelope in `_meta`; legacy ones do not. The text has no raw newline,
// so it is one stdio line. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/message.hpp"
#include "mcp/method.hpp"
#include "mcp/revision.hpp"

namespace weir::upstream {

inline constexpr std::string_view kMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";

// `params`: a JSON object without `_meta` and without raw newlines, e.g. {"cursor":"x"}. `gateway_info`: the
// gateway's Implementation object, {"name":"weir","version":…}.
std::string own_request(mcp::Method method, std::string_view params, std::uint64_t id, mcp::Revision revision,
                        std::string_view gateway_info);

// The params of `initialize`: the version offered, what can be asked of the client, the gateway's info.
std::string initialize_params(mcp::Revision offered, std::string_view gateway_info,
                              std::string_view capabilities = "{}");

std::string own_notification(mcp::Method method, std::string_view params);

// notifications/cancelled for the request `id`; never for `initialize` (P088).
std::string cancel_notification(std::uint64_t id);

// Whether it is the response to our request `id`. An error that names no request is.
bool answers(mcp::Message const& message, std::uint64_t id);

// What a legacy server gets for a request of its own: a ping is answered, anything else is refused, so that
// it does not wait for somebody who will not answer.
std::string reply_to_server(mcp::Message const& request);

}  // namespace weir::upstream
