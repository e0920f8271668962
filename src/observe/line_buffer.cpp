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
  bool const rest_seen = n > 0 && n + 8 > text.size();
  if (rest_seen && !has_special(text.data() + text.size() - 8)) return text.size();
  while (n < text.size() && kPlain[static_cast<unsigned char>(text[n])]) ++n;
  return n;
}

template <int kDigits>
void write_digits(char* at, unsigned number) noexcept {
  for (int i = kDigits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
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

void LineBuffer::put_micros_as_ms(std::int64_t micros) noexcept {
  auto const all = static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0));
  put_number(static_cast<std::int64_t>(all / 1000));
  auto const rest = static_cast<unsigned>(all % 1000);
  std::array<char, 4> text{'.'};
  write_digits<3>(&text[1], rest);
  put({text.data(), text.size()});
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
  std::array<char, 11> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T'};
  write_digits<4>(&text[0], static_cast<unsigned>(int{date.year()}));
  write_digits<2>(&text[5], unsigned{date.month()});
  write_digits<2>(&text[8], unsigned{date.day()});
  put({text.data(), text.size()});
}

void LineBuffer::put_time(base::WallTime at) noexcept {
  auto const ms = static_cast<unsigned>((at - std::chrono::floor<std::chrono::days>(at)).count());
  std::array<char, 12> text{'0', '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0'};
  write_digits<2>(&text[0], ms / 3'600'000);
  write_digits<2>(&text[3], ms / 60'000 % 60);
  write_digits<2>(&text[6], ms / 1000 % 60);
  write_digits<3>(&text[9], ms % 1000);
  put({text.data(), text.size()});
}

void LineBuffer::pad_to(std::size_t size) noexcept {
  do put(' ');
  while (size_ < size && size_ < bytes_.size());
}

}  // namespace weir::observe
