#include "mcp/json_scan.hpp"

#ifdef __SSE2__
#include <immintrin.h>

namespace weir::mcp::scan {
namespace {

// False while the program starts, before this is known: the narrow way is as right.
bool const has_avx2 = __builtin_cpu_supports("avx2") != 0;

[[gnu::target("avx2")]] inline __m256i plain_ends_in_wide(char const* p) noexcept {
  auto const v = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p));
  auto const control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
  auto const quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
  return _mm256_or_si256(control, _mm256_or_si256(quote, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))));
}

// Past 128 bytes at a time, as long as all of them are plain.
[[gnu::target("avx2")]] char const* pass_plain_wide(char const* p, char const* end) noexcept {
  for (; end - p >= 128; p += 128) {
    auto const any = _mm256_or_si256(_mm256_or_si256(plain_ends_in_wide(p), plain_ends_in_wide(p + 32)),
                                     _mm256_or_si256(plain_ends_in_wide(p + 64), plain_ends_in_wide(p + 96)));
    if (_mm256_testz_si256(any, any) == 0) break;
  }
  return p;
}

}  // namespace

char const* plain_end_far(char const* p, char const* end) noexcept {
  if (end - p >= 128 && has_avx2) p = pass_plain_wide(p, end);
  while (end - p >= 64) {
    auto const any = _mm_or_si128(_mm_or_si128(plain_ends_in(p), plain_ends_in(p + 16)),
                                  _mm_or_si128(plain_ends_in(p + 32), plain_ends_in(p + 48)));
    if (mask_of(any) != 0) break;
    p += 64;
  }
  while (end - p >= 16) {
    if (unsigned const mask = mask_of(plain_ends_in(p))) return p + __builtin_ctz(mask);
    p += 16;
  }
  while (p != end && !ends_plain(*p)) ++p;
  return p;
}

}  // namespace weir::mcp::scan
#endif
