// Randomness as a dependency: the operating system's in production, a seed in tests.
//
// SystemRandom may be used from any thread; a SeededRandom belongs to one. Neither can fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.hpp"

namespace weir::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<unsigned char> out) = 0;

  std::uint64_t next();                      // uniform over 64 bits
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); bound > 0
  std::string token(std::size_t bytes);      // URL-safe text carrying `bytes` random bytes
};

// getrandom(2); safe from any thread. Ends the process if the kernel has no randomness to give.
class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> out) override;
};

// xoshiro256** from a seed: the same seed gives the same bytes. Not for secrets. One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<unsigned char> out) override;

 private:
  std::uint64_t step();
  std::uint64_t state_[4];
};

// `duration` ± up to `percent` of it.
Duration jittered(Duration duration, unsigned percent, Random& random);

}  // namespace weir::base
