// Between JSON string tokens and UTF-8 text, and the one check of a whole text's UTF-8.
//
// Pure functions, any thread. is_utf8 runs at several bytes per cycle (simdjson, chosen for the CPU at run
// time).
#pragma once

#include <string>
#include <string_view>

namespace weir::mcp {

bool is_utf8(std::string_view bytes) noexcept;

// Where the first byte is that is_utf8 minds; the size if there is none. Byte by byte, for saying so.
std::size_t first_not_utf8(std::string_view bytes) noexcept;

// Appends the text of a string token (with its quotes), which a JsonCursor has passed, to `out`.
// False, with `out` unchanged, if an escape names half a surrogate pair: such a string has no text.
bool decode_string(std::string_view token, std::string& out);

// Appends `text` (UTF-8) as a JSON string with quotes. Escapes `"`, `\` and bytes below 0x20 only.
void append_json_string(std::string& out, std::string_view text);

// True for a number token without fraction and exponent.
bool is_integer_token(std::string_view token) noexcept;

}  // namespace weir::mcp
