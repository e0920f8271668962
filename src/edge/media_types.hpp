// Media types of requests: what Content-Type says of a body, and what Accept allows an answer to be.
//
// Pure; any thread. Source: RFC 9110 8.3, 12.4.2 and 12.5.1; RFC 8259 8.1 for the charset.
#pragma once

#include <string_view>

#include "net/http_fields.hpp"

namespace weir::edge {

// application/json in UTF-8: a charset parameter may say nothing else. Other parameters do not matter.
bool is_json_type(std::string_view content_type) noexcept;

// Whether the Accept fields allow `type` ("application/json"): the most specific range that fits decides, and
// q=0 forbids. No Accept at all allows everything.
bool accepts(net::Fields const& fields, std::string_view type) noexcept;

// accepts() of both kinds of answer that a request must allow.
bool accepts_both(net::Fields const& fields) noexcept;

}  // namespace weir::edge
