#include "base/base64url.hpp"

#include <array>
#include <cstdint>

namespace weir::base {
namespace {

constexpr std::string_view kPlainDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 0xFF;
constexpr unsigned kDigitBits = 6;

consteval std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto kValues = make_values();

std::string encoded(std::string_view bytes, std::string_view digits) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (char const c : bytes) {
    held = held << 8U | static_cast<unsigned char>(c);
    for (bits += 8; bits >= kDigitBits; bits -= kDigitBits) {
      text += digits[held >> (bits - kDigitBits) & 63U];
    }
  }
  if (bits > 0) text += digits[held << (kDigitBits - bits) & 63U];
  return text;
}

}  // namespace

std::string to_base64url(std::string_view bytes) { return encoded(bytes, kDigits); }

std::string to_base64(std::string_view bytes) {
  auto text = encoded(bytes, kPlainDigits);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> from_base64url(std::string_view text, SpareBits spare) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (char const c : text) {
    auto const value = kValues[static_cast<unsigned char>(c)];
    if (value == kNone) return std::nullopt;
    held = held << kDigitBits | value;
    bits += kDigitBits;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xFFU);
  }
  if (spare == SpareBits::zero && (held & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace weir::base
