// The innermost loops of JsonCursor: white space, the inside of strings, runs of digits, 16 bytes at a time.
//
// SSE2 is part of every x86-64, AVX2 is asked for; elsewhere the byte loops do the same. Nothing is read
// outside [p, end). What short keys and numbers need is inlined by order: the compiler judges by size and
// gave a call to each.
#pragma once

#include <cstddef>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::mcp::scan {

inline bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
inline bool ends_plain(char c) noexcept {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

#ifdef __SSE2__
inline __m128i load(char const* p) noexcept { return _mm_loadu_si128(reinterpret_cast<__m128i const*>(p)); }

inline __m128i plain_ends_in(char const* p) noexcept {
  auto const v = load(p);
  auto const control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  return _mm_or_si128(
      control, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}

inline unsigned mask_of(__m128i v) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(v)); }

// The first byte at or after p that is a quote, a backslash or a control byte; else end. For long texts: 128
// bytes at a time where the processor has AVX2.
char const* plain_end_far(char const* p, char const* end) noexcept;

[[gnu::always_inline]] inline char const* plain_end(char const* p, char const* end) noexcept {
  if (end - p >= 32) {
    if (unsigned const mask = mask_of(plain_ends_in(p))) return p + __builtin_ctz(mask);
    if (unsigned const mask = mask_of(plain_ends_in(p + 16))) return p + 16 + __builtin_ctz(mask);
    p += 32;
  }
  return plain_end_far(p, end);
}

[[gnu::noinline]] inline char const* space_end(char const* p, char const* end) noexcept {
  while (end - p >= 16) {
    auto const v = load(p);
    auto const space = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'))),
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'))));
    unsigned const mask = mask_of(space);
    if (mask != 0xffffu) return p + __builtin_ctz(~mask);
    p += 16;
  }
  while (p != end && is_space(*p)) ++p;
  return p;
}

[[gnu::always_inline]] inline char const* digits_end(char const* p, char const* end) noexcept {
  while (end - p >= 16) {
    auto const v = _mm_sub_epi8(load(p), _mm_set1_epi8('0'));
    unsigned const mask = mask_of(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v));
    if (mask != 0xffffu) return p + __builtin_ctz(~mask);
    p += 16;
  }
  while (p != end && is_digit(*p)) ++p;
  return p;
}
#else
inline char const* plain_end(char const* p, char const* end) noexcept {
  while (p != end && !ends_plain(*p)) ++p;
  return p;
}
inline char const* space_end(char const* p, char const* end) noexcept {
  while (p != end && is_space(*p)) ++p;
  return p;
}
inline char const* digits_end(char const* p, char const* end) noexcept {
  while (p != end && is_digit(*p)) ++p;
  return p;
}
#endif

// Past white space; the common case is that there is none.
inline char const* skip_space(char const* p, char const* end) noexcept {
  if (p == end || static_cast<unsigned char>(*p) > ' ') return p;
  return space_end(p, end);
}

// Past white space to the byte that is due. It usually stands right here, which is asked first.
[[gnu::always_inline]] inline bool comes(char due, char const*& p, char const* end) noexcept {
  if (p != end && *p == due) return true;
  p = skip_space(p, end);
  return p != end && *p == due;
}

}  // namespace weir::mcp::scan
