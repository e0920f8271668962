// What the fuzz targets of text protocols share: input as text, cut places taken from the input, a loud stop.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace weir::fuzz {

inline void require(bool condition, char const* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

// The first byte of an input chooses how the rest is cut into pieces: one piece, single bytes, or by a
// sequence.
class Cuts {
 public:
  explicit Cuts(std::uint8_t seed) : state_(seed) {}
  std::size_t next(std::size_t left) {
    state_ = state_ * 1103515245U + 12345U;
    std::size_t const piece = 1 + (state_ >> 16) % 23;
    return piece < left ? piece : left;
  }

 private:
  std::uint32_t state_;
};

inline bool split_input(std::uint8_t const* data, std::size_t size, std::uint8_t& seed,
                        std::string_view& text) {
  if (size == 0) return false;
  seed = data[0];
  text = {reinterpret_cast<char const*>(data) + 1, size - 1};
  return true;
}

}  // namespace weir::fuzz
