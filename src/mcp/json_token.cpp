#include "mcp/json_token.hpp"

#include <cstring>

namespace weir::mcp {
namespace {

bool is_high_surrogate(int unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

// From the `u` of \uXXXX. A pair is taken as a whole; what follows a lone half is left for the caller's loop.
char const* pass_unicode(char const* p, char const* end, bool& lone_surrogate, TokenFault& fault) noexcept {
  int const unit = hex4(p + 1, end);
  if (unit < 0) return fault.set(JsonFault::bad_escape, p);
  p += 5;
  if (is_high_surrogate(unit) && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
      is_low_surrogate(hex4(p + 2, end))) {
    return p + 6;
  }
  if (is_high_surrogate(unit) || is_low_surrogate(unit)) lone_surrogate = true;
  return p;
}

}  // namespace

int hex4(char const* p, char const* end) noexcept {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    char const c = p[i];
    int const lower = c | 0x20;
    if (scan::is_digit(c)) {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

char const* pass_escapes(char const* p, char const* end, bool& lone_surrogate, TokenFault& fault) noexcept {
  while (p != end && *p != '"') {
    if (*p != '\\') return fault.set(JsonFault::control_byte, p);
    if (++p == end) break;
    switch (*p) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't': ++p; break;
      case 'u':
        p = pass_unicode(p, end, lone_surrogate, fault);
        if (p == nullptr) return nullptr;
        break;
      default: return fault.set(JsonFault::bad_escape, p);
    }
    p = scan::plain_end(p, end);
  }
  if (p == end) return fault.set(JsonFault::unexpected_end, p);
  return p + 1;
}

char const* pass_fraction(char const* p, char const* end, TokenFault& fault) noexcept {
  if (*p == '.') {
    char const* const digits = ++p;
    p = scan::digits_end(p, end);
    if (p == digits) return fault.set(JsonFault::bad_number, p);
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    char const* const digits = p;
    p = scan::digits_end(p, end);
    if (p == digits) return fault.set(JsonFault::bad_number, p);
  }
  return p;
}

char const* pass_literal(char const* p, char const* end, TokenFault& fault) noexcept {
  auto const left = end - p;
  if (left >= 4 && std::memcmp(p, "true", 4) == 0) return p + 4;
  if (left >= 4 && std::memcmp(p, "null", 4) == 0) return p + 4;
  if (left >= 5 && std::memcmp(p, "false", 5) == 0) return p + 5;
  return fault.set(JsonFault::bad_literal, p);
}

}  // namespace weir::mcp
