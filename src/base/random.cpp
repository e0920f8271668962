#include "base/random.hpp"

#include <sys/random.h>

#include <bit>
#include <cstring>

#include "base/assert.hpp"

namespace weir::base {

std::uint64_t Random::next() {
  std::uint64_t value = 0;
  fill({reinterpret_cast<unsigned char*>(&value), sizeof value});
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  WEIR_ASSERT(bound > 0);
  std::uint64_t const usable = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;  // drop the uneven tail
  for (;;) {
    std::uint64_t const value = next();
    if (value < usable) return value % bound;
  }
}

std::string Random::token(std::size_t bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string raw(bytes, '\0');
  fill({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
  std::string text;
  text.reserve((bytes * 8 + 5) / 6);
  unsigned held = 0;
  unsigned bits = 0;
  for (char c : raw) {
    held = (held << 8) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text.push_back(kAlphabet[(held >> bits) & 63U]);
    }
  }
  if (bits > 0) text.push_back(kAlphabet[(held << (6 - bits)) & 63U]);
  return text;
}

void SystemRandom::fill(std::span<unsigned char> out) {
  while (!out.empty()) {
    ssize_t const got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    WEIR_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) {  // splitmix64 spreads the seed over the state
    seed += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t SeededRandom::step() {
  std::uint64_t const result = std::rotl(state_[1] * 5, 7) * 9;
  std::uint64_t const t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(std::span<unsigned char> out) {
  while (!out.empty()) {
    std::uint64_t const word = step();
    std::size_t const n = out.size() < sizeof word ? out.size() : sizeof word;
    std::memcpy(out.data(), &word, n);
    out = out.subspan(n);
  }
}

Duration jittered(Duration duration, unsigned percent, Random& random) {
  auto const width = static_cast<std::uint64_t>(duration.count()) / 100 * percent;
  auto const offset = random.below(2 * width + 1);
  return duration + Duration{static_cast<std::int64_t>(offset) - static_cast<std::int64_t>(width)};
}

}  // namespace weir::base
