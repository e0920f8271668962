// Values of Mcp-Name and Mcp-Param-* headers: the `=?base64?…?=` sentinel and comparison (P029–P031).
//
// Safe values travel as they are: bytes 0x20–0x7E without white space at either end, not looking like a
// sentinel. All others are the sentinel around base64 (RFC 4648 section 4, padded) of their UTF-8. Markers
// count only when exact and complete; everything else is literal. Pure functions, any thread. Errors:
// invalid_input (bad base64, not UTF-8 inside), too_large; both blame the client and mean 400 with -32020.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::mcp {

inline constexpr std::size_t kHeaderValueBytesMax = 8 * 1024;  // before decoding; a header line has no more

// Without spaces and tabs at both ends.
std::string_view trim_white_space(std::string_view value) noexcept;

// Appends `text` (UTF-8) as a header value. Never emits CR, LF or another control byte.
void append_header_value(std::string& out, std::string_view text);

// The text that a received value stands for: a view of `value` or, for a sentinel, of `scratch`.
base::Result<std::string_view> decode_header_value(std::string_view value, std::string& scratch,
                                                   std::size_t bytes_max = kHeaderValueBytesMax);

// The canonical decimal form of a JSON number that is an integer within ±(2^53−1), however it is spelled
// (42.0, 4.2e1, -0); empty for every other text. Two integers are equal if their canonical forms are.
std::string canonical_integer(std::string_view number);

}  // namespace weir::mcp
