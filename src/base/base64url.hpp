// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict; and plain base64 for HTTP's
// Basic.
//
// Pure; any thread. One text for each value: no padding, no white space, no stray bits in the last digit. A
// signature that could be written in two ways would give one token two hashes. Nothing that is made on the
// way is left behind: what comes back is the only copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

// What the bits of the last digit that belong to no byte may be. `any`: for looking into what others wrote.
enum class SpareBits : std::uint8_t { zero, any };

std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text, SpareBits spare = SpareBits::zero);

std::string to_base64(std::string_view bytes);  // padded (RFC 4648 section 4)

}  // namespace weir::base
