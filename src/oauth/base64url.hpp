// base64url without padding (RFC 4648 5), and plain base64 for HTTP's Basic.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::oauth {

std::string base64url(std::string_view bytes);
std::string base64(std::string_view bytes);
// Nothing when a character or the length cannot be; padding is refused.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace weir::oauth
