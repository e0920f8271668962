// What the end of a POST says of the request in it, at an HTTP+SSE server, whose answers come another way.
//
// Pure. Nothing: it was taken, or nobody knows whether it was; then its answer comes over the stream, or its
// call ends at its deadline. Otherwise the failure that its call ends with: as over Streamable HTTP, a
// refusal says what it is (429 and 503: throttled, with the time to come back), and what was never sent says
// so. What the gateway lacked, such as a token, is told as it is. `shown`: a credential of Weir's was in it.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "net/http_client.hpp"

namespace weir::upstream {

std::optional<base::Error> refusal_in(net::ReplyHead const& head, bool shown);
std::optional<base::Error> refusal_in(base::Error const& failed);  // of the exchange

// A server that wants to be left alone (429, 503), for so long if it says so; over any transport.
base::Error throttled(std::string said, std::optional<base::Duration> wait);

}  // namespace weir::upstream
