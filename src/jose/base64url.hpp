// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict.
//
// Pure. One text for each value: no padding, no white space, no stray bits in the last digit. A signature
// that could be written in two ways would give one token two hashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::jose {

std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace weir::jose
