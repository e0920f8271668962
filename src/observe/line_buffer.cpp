#include <algorithm>
#include <charconv>
#include <cstring>

#include "observe/internal/utf8.hpp"
#include "observe/log_line.hpp"

namespace weir::observe {
namespace {

constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = true;
  plain['"'] = plain['\\'] = false;
  return plain;
}();

// Whether one of eight bytes is not plain: a control character, not ASCII, DEL, a quote or a backslash. May
// say yes for plain bytes behind such a one, which changes nothing.
bool has_special(char const* text) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  auto const zero_in = [&](std::uint64_t each) { return (each - kOnes) & ~each; };
  std::uint64_t const special = bytes | (bytes - 0x20 * kOnes) | zero_in(bytes ^ 0x7f * kOnes) |
                                zero_in(bytes ^ '"' * kOnes) | zero_in(bytes ^ '\\' * kOnes);
  return (special & 0x80 * kOnes) != 0;
}

std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n + 8 <= text.size() && !has_special(text.data() + n)) n += 8;
  while (n < text.size() && kPlain[static_cast<unsigned char>(text[n])]) ++n;
  return n;
}

struct Escape {
  std::array<char, 6> text;
  std::size_t size;
};

Escape escape_of(char32_t c) noexcept {
  char const letter = c == '"'    ? '"'
                      : c == '\\' ? '\\'
                      : c == '\n' ? 'n'
                      : c == '\r' ? 'r'
                      : c == '\t' ? 't'
                                  : '\0';
  if (letter != '\0') return {{'\\', letter}, 2};
  constexpr char kHex[] = "0123456789abcdef";
  return {{'\\', 'u', kHex[c >> 12 & 15U], kHex[c >> 8 & 15U], kHex[c >> 4 & 15U], kHex[c & 15U]}, 6};
}

}  // namespace

void LineBuffer::put_number(std::int64_t number) noexcept {
  auto const written = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), number);
  if (written.ec == std::errc{}) size_ = static_cast<std::size_t>(written.ptr - bytes_.data());
}

void LineBuffer::put_digits(std::int64_t number, int digits) noexcept {
  std::array<char, 8> text{};
  for (int i = digits; i-- > 0; number /= 10)
    text[static_cast<std::size_t>(i)] = static_cast<char>('0' + number % 10);
  put({text.data(), static_cast<std::size_t>(digits)});
}

void LineBuffer::put_micros_as_ms(std::int64_t micros) noexcept {
  micros = std::max<std::int64_t>(micros, 0);
  put_number(micros / 1000);
  put(".");
  put_digits(micros % 1000, 3);
}

void LineBuffer::put_escaped(std::string_view text, std::size_t bytes_max, bool quoted) noexcept {
  std::size_t const end = size_ + bytes_max;
  while (!text.empty()) {
    std::string_view piece = text.substr(0, plain_prefix(text));
    std::size_t consumed = piece.size();
    Escape escape{};
    if (piece.empty()) {
      CodePoint const c = first_code_point(text);
      consumed = std::max<std::size_t>(c.bytes, 1);
      bool const quote = c.value == '"' || c.value == '\\';
      bool const raw = c.bytes > 0 && (quote ? !quoted : !is_unsafe(c.value));
      if (!raw) escape = escape_of(c.bytes == 0 ? U'\ufffd' : c.value);
      piece = raw ? text.substr(0, consumed) : std::string_view(escape.text.data(), escape.size);
    }
    if (piece.size() > end - size_) {
      if (kPlain[static_cast<unsigned char>(piece[0])]) put(piece.substr(0, end - size_));
      put("…");
      return;
    }
    put(piece);
    text.remove_prefix(consumed);
  }
}

void LineBuffer::put_date(base::WallTime at) noexcept {
  std::chrono::year_month_day const date(std::chrono::floor<std::chrono::days>(at));
  put_digits(int{date.year()}, 4);
  put("-");
  put_digits(unsigned{date.month()}, 2);
  put("-");
  put_digits(unsigned{date.day()}, 2);
  put("T");
}

void LineBuffer::put_time(base::WallTime at) noexcept {
  std::int64_t const ms = (at - std::chrono::floor<std::chrono::days>(at)).count();
  put_digits(ms / 3'600'000, 2);
  put(":");
  put_digits(ms / 60'000 % 60, 2);
  put(":");
  put_digits(ms / 1000 % 60, 2);
  put(".");
  put_digits(ms % 1000, 3);
}

void LineBuffer::pad_to(std::size_t size) noexcept {
  do put(" ");
  while (size_ < size && size_ < bytes_.size());
}

}  // namespace weir::observe
