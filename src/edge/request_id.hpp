// The id of a request that its client has chosen: X-Request-Id, if it is fit for a header, a log line and the
// data of an error alike.
//
// Pure; what is returned points into the fields. It names the request to people and is no key of anything:
// clients may use one twice.
#pragma once

#include <string_view>

#include "net/http_fields.hpp"

namespace weir::edge {

inline constexpr std::size_t kRequestIdBytesMax = 128;

// "" if there is none or more than one, or one that is too long or has other characters than [A-Za-z0-9._:-].
std::string_view chosen_request_id(net::Fields const& fields) noexcept;

}  // namespace weir::edge
