// Whether the value of an Authorization field can be a credential at all (RFC 9110 section 11.4, RFC 6750
// section 2.1): one scheme, and behind it one token or parameters.
//
// Pure. Who shows none, or one of a scheme that Weir does not take, is told to authenticate; who shows
// something that is none is told that the request is wrong (RFC 6750 section 3.1).
#pragma once

#include <string_view>

namespace weir::auth {

// False for "Bearer" without a token or with more than one, for two credentials in one value, and for what
// begins with no scheme. What stands in quotes or behind `=` is not looked at more closely: it belongs to
// schemes that are refused anyway.
bool is_credential(std::string_view authorization) noexcept;

}  // namespace weir::auth
