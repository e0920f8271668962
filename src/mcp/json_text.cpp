#include "mcp/json_text.hpp"

#include <simdjson.h>

#include "base/assert.hpp"
#include "mcp/json_token.hpp"

namespace weir::mcp {
namespace {

void append_utf8(std::string& out, unsigned code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    out += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

// From the first hexadecimal digit of \uXXXX; returns the byte after the escape or pair, null for half a
// pair.
char const* append_unicode(std::string& out, char const* p, char const* end) {
  auto unit = static_cast<unsigned>(hex4(p, end));
  p += 4;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return nullptr;
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return nullptr;
    auto const low = static_cast<unsigned>(hex4(p + 2, end));
    if (low < 0xDC00 || low > 0xDFFF) return nullptr;
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    p += 6;
  }
  append_utf8(out, unit);
  return p;
}

char unescaped(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

// The size of the UTF-8 sequence at the front of `bytes`; 0 if it is none (RFC 3629 section 4).
std::size_t sequence_size(std::string_view bytes) noexcept {
  auto const byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  auto const tail = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return std::size_t{0};
    }
    return to;
  };
  unsigned const first = byte(0);
  unsigned const second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1, 2);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first >= 0xE0 && first <= 0xEF) return tail(1, 3);
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return first >= 0xF0 && first <= 0xF4 ? tail(1, 4) : 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

std::size_t first_not_utf8(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t const size = sequence_size(bytes.substr(at));
    if (size == 0) break;
    at += size;
  }
  return at;
}

bool decode_string(std::string_view token, std::string& out) {
  WEIR_ASSERT(token.size() >= 2 && token.front() == '"' && token.back() == '"');
  std::size_t const before = out.size();
  char const* p = token.data() + 1;
  char const* const end = token.data() + token.size() - 1;
  while (p != end) {
    char const* const plain = scan::plain_end(p, end);
    out.append(p, plain);
    p = plain;
    if (p == end) break;
    WEIR_ASSERT(*p == '\\' && end - p >= 2);
    if (p[1] == 'u') {
      p = append_unicode(out, p + 2, end);
      if (p == nullptr) {
        out.resize(before);
        return false;
      }
    } else {
      out += unescaped(p[1]);
      p += 2;
    }
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  char const* p = text.data();
  char const* const end = p + text.size();
  while (p != end) {
    char const* const plain = scan::plain_end(p, end);
    out.append(p, plain);
    p = plain;
    if (p == end) break;
    auto const c = static_cast<unsigned char>(*p++);
    out += '\\';
    switch (c) {
      case '"':
      case '\\': out += static_cast<char>(c); break;
      case '\b': out += 'b'; break;
      case '\f': out += 'f'; break;
      case '\n': out += 'n'; break;
      case '\r': out += 'r'; break;
      case '\t': out += 't'; break;
      default:
        out += "u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out += '"';
}

bool is_integer_token(std::string_view token) noexcept {
  return !token.empty() && kind_of_token(token) == JsonKind::number &&
         token.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace weir::mcp
