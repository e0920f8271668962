// JSON scalars for JsonCursor: strings with their escapes, numbers, literals (RFC 8259 sections 3, 6 and 7).
//
// Each function starts at a token's first byte and returns the byte after the token, or null with `fault` and
// `at` set. Nothing is converted.
#pragma once

#include "mcp/json_cursor.hpp"
#include "mcp/json_scan.hpp"

namespace weir::mcp {

struct TokenFault {
  JsonFault fault = JsonFault::none;
  char const* at = nullptr;

  char const* set(JsonFault what, char const* where) noexcept {
    fault = what;
    at = where;
    return nullptr;
  }
};

// The four hexadecimal digits at p as a number; -1 if they are not four.
int hex4(char const* p, char const* end) noexcept;

// The part of a string from its first backslash on.
char const* pass_escapes(char const* p, char const* end, bool& lone_surrogate, TokenFault& fault) noexcept;

[[gnu::always_inline]] inline char const* pass_string(char const* p, char const* end, bool& escaped,
                                                      bool& lone_surrogate, TokenFault& fault) noexcept {
  p = scan::plain_end(p + 1, end);
  if (p == end) return fault.set(JsonFault::unexpected_end, p);
  if (*p == '"') return p + 1;
  escaped = true;
  return pass_escapes(p, end, lone_surrogate, fault);
}

char const* pass_fraction(char const* p, char const* end,
                          TokenFault& fault) noexcept;  // from '.', 'e' or 'E' on

[[gnu::always_inline]] inline char const* pass_number(char const* p, char const* end,
                                                      TokenFault& fault) noexcept {
  if (*p == '-') ++p;
  if (p == end) return fault.set(JsonFault::bad_number, p);
  char const* const digits = p;
  if (*p == '0') {
    ++p;
  } else {
    p = scan::digits_end(p, end);
    if (p == digits) return fault.set(JsonFault::bad_number, p);
  }
  if (p == end || (*p != '.' && *p != 'e' && *p != 'E')) return p;
  return pass_fraction(p, end, fault);
}

char const* pass_literal(char const* p, char const* end, TokenFault& fault) noexcept;  // true, false, null

}  // namespace weir::mcp
