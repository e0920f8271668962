// JSON strings for what this folder prints: reports, the schema, the trust file (RFC 8259 §7).
//
// Pure functions. Whatever bytes come in, what goes out is valid UTF-8 and valid JSON.
// Inside this folder only.
#pragma once

#include <string>
#include <string_view>

namespace weir::config {

// Appends `text` quoted and escaped. Bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
std::string json_quoted(std::string_view text);

// Length of the UTF-8 sequence at the front of `text`; 0 if it is not one (overlong, surrogate, cut off).
unsigned utf8_length(std::string_view text) noexcept;

}  // namespace weir::config
