// append(out, pieces...): puts texts, literals and single characters behind a string with one look at its
// room.
//
// std::string::append looks each time, out of line: a head of ten pieces cost as much as its parsing. Up to
// 256 bytes are joined on the stack first, literals with moves of known size. Pieces must not be views of
// `out`; an array of char is a literal, without its last character. No secrets: the stack would keep them.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace weir::base {
namespace detail {

template <std::size_t N>
constexpr std::size_t size_of_piece(char const (&)[N]) noexcept {
  return N - 1;
}
constexpr std::size_t size_of_piece(std::string_view text) noexcept { return text.size(); }
constexpr std::size_t size_of_piece(std::same_as<char> auto) noexcept { return 1; }

template <std::size_t N>
[[gnu::always_inline]] inline char* put_piece(char* at, char const (&literal)[N]) noexcept {
  std::memcpy(at, literal, N - 1);
  return at + (N - 1);
}
[[gnu::always_inline]] inline char* put_piece(char* at, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
[[gnu::always_inline]] inline char* put_piece(char* at, std::same_as<char> auto c) noexcept {
  *at = c;
  return at + 1;
}

template <class Piece>
void append_piece(std::string& out, Piece const& piece) {
  if constexpr (std::same_as<Piece, char>) {
    out.push_back(piece);
  } else {
    out.append(std::string_view(piece));
  }
}

}  // namespace detail

template <class... Pieces>
void append(std::string& out, Pieces const&... pieces) {
  std::array<char, 256> joined;
  std::size_t const size = (detail::size_of_piece(pieces) + ...);
  if (size <= joined.size()) {
    char* at = joined.data();
    ((at = detail::put_piece(at, pieces)), ...);
    out.append(joined.data(), size);
  } else {
    (detail::append_piece(out, pieces), ...);
  }
}

}  // namespace weir::base
