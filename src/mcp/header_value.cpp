#include "mcp/header_value.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "mcp/json_text.hpp"
#include "mcp/json_token.hpp"

namespace weir::mcp {
namespace {

using base::Blame;
using base::Error;
using base::Fault;

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

consteval auto base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto kBase64Values = base64_values();

bool looks_like_sentinel(std::string_view text) noexcept {
  return text.starts_with(kPrefix) && text.ends_with(kSuffix);
}

bool is_safe(std::string_view text) noexcept {
  if (text.empty()) return true;
  if (text.front() == ' ' || text.back() == ' ' || looks_like_sentinel(text)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

void append_base64(std::string& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto const group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= group.size() ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
}

// Canonical base64 only: whole groups, padding at the end, no stray bits beside it.
bool decode_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const c : text) {
    int const value = kBase64Values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
      bits &= (1u << held) - 1;
    }
  }
  return bits == 0;
}

}  // namespace

std::string_view trim_white_space(std::string_view value) noexcept {
  auto const blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  return value;
}

void append_header_value(std::string& out, std::string_view text) {
  if (is_safe(text)) {
    out += text;
    return;
  }
  out += kPrefix;
  append_base64(out, text);
  out += kSuffix;
}

base::Result<std::string_view> decode_header_value(std::string_view value, std::string& scratch,
                                                   std::size_t bytes_max) {
  if (value.size() > bytes_max) return Error(Fault::too_large, Blame::client, "header value over the limit");
  value = trim_white_space(value);
  if (value.size() < kPrefix.size() + kSuffix.size() || !looks_like_sentinel(value)) return value;
  value.remove_prefix(kPrefix.size());
  value.remove_suffix(kSuffix.size());
  scratch.clear();
  if (!decode_base64(value, scratch)) {
    return Error(Fault::invalid_input, Blame::client, "header value with malformed base64");
  }
  if (!is_utf8(scratch)) {
    return Error(Fault::invalid_input, Blame::client, "header value that does not decode to UTF-8");
  }
  return std::string_view(scratch);
}

std::string canonical_integer(std::string_view number) {
  constexpr std::int64_t kLargest = (std::int64_t{1} << 53) - 1;
  constexpr std::int64_t kExponentMax = 1'000'000;  // far above what any digits of a header could bring back
  char const* p = number.data();
  char const* const end = p + number.size();
  TokenFault fault;
  if (number.empty() || pass_number(p, end, fault) != end) return {};

  bool const negative = *p == '-';
  std::string digits;
  std::int64_t scale = 0;  // the value is digits × 10^scale
  bool fraction = false;
  for (p += negative; p != end && *p != 'e' && *p != 'E'; ++p) {
    if (*p == '.') {
      fraction = true;
    } else {
      if (*p != '0' || !digits.empty()) digits += *p;
      scale -= fraction;
    }
  }
  if (p != end) {
    bool const down = p[1] == '-';
    std::int64_t exponent = 0;
    for (p += 1 + (p[1] == '-' || p[1] == '+'); p != end; ++p) {
      exponent = std::min(exponent * 10 + (*p - '0'), kExponentMax);
    }
    scale += down ? -exponent : exponent;
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++scale;
  }
  if (digits.empty()) return "0";
  if (scale < 0 || static_cast<std::int64_t>(digits.size()) + scale > 16) return {};
  digits.append(static_cast<std::size_t>(scale), '0');
  if (std::stoll(digits) > kLargest) return {};
  return negative ? "-" + digits : digits;
}

}  // namespace weir::mcp
