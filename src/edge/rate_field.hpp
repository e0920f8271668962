// How much of its rate a caller has left, in the two fields that clients read before they are refused.
//
//   RateLimit-Policy: "caller";q=100;w=60
//   RateLimit: "caller";r=41;t=12
//
// Pure. Nothing for callers without a rate of their own. Source: draft-ietf-httpapi-ratelimit-headers-08.
#pragma once

#include <string>

#include "core/call.hpp"

namespace weir::edge {

void append_rate_fields(std::string& fields, core::RateFacts const& facts);  // complete lines

}  // namespace weir::edge
