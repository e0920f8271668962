// Digest: 128 bits of a keyed hash, as a key of tables and stores.
//
// A value. Whoever makes one uses a secret key (cache/answer_key.hpp), so its bits are uniform and nobody
// outside can choose them: tables may use them as they are.
#pragma once

#include <cstdint>
#include <string>

namespace weir::base {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(Digest const&, Digest const&) = default;
};

inline std::string hex_of(Digest const& digest) {  // 32 lower-case digits
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::uint64_t const half : {digest.high, digest.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[half >> shift & 15U];
  }
  return text;
}

}  // namespace weir::base
