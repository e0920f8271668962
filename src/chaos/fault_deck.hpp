// FaultDeck: which answer of one server is harmed and how: a seeded die and a shuffled deck of kinds.
//
// Each answer is harmed with the step's share; the kinds come from a deck that holds the mix in its
// proportions, so that even a short run gets all of them. `kill` and `stop` harm every answer that is under
// way: what they harm beside the one they were drawn for is told to also_harmed() and pays for as many later
// cards of their kind, so that neither the share nor the mix grows. The same seed gives the same order of
// cards. Brain; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "chaos/fault_script.hpp"

namespace weir::chaos {

struct FaultCounts {
  std::uint64_t answers = 0;                        // harmed or not
  std::array<std::uint64_t, kFaultKinds> harmed{};  // answers, by kind
  std::uint64_t kills = 0, stops = 0;               // of the process; each may have harmed several answers

  std::uint64_t harmed_in_all() const noexcept;
  std::uint64_t of(FaultKind kind) const noexcept { return harmed[static_cast<std::size_t>(kind)]; }
  FaultCounts& operator+=(FaultCounts const& other) noexcept;
};

class FaultDeck {
 public:
  explicit FaultDeck(std::uint64_t seed) : dice_(seed), jitter_(seed ^ 0x9e3779b97f4a7c15ULL) {}

  // For the next answer.
  FaultKind draw(FaultStep const& step);
  base::Duration wait(FaultStep const& step);  // before that answer
  // A fault that was drawn could not be done to this answer: it has no JSON, or no id.
  void take_back(FaultKind kind) noexcept;
  // kill, stop: another answer was harmed by the one that was drawn.
  void also_harmed(FaultKind kind) noexcept;
  FaultCounts const& counts() const noexcept { return counts_; }
  std::uint64_t below(std::uint64_t bound) { return jitter_.below(bound); }

 private:
  void shuffle(FaultMix const& mix);

  base::SeededRandom dice_;
  base::SeededRandom jitter_;  // of its own: waiting must not change what is drawn
  FaultMix mix_;
  std::vector<FaultKind> cards_;
  std::array<std::uint64_t, kFaultKinds> paid_{};
  FaultCounts counts_;
};

}  // namespace weir::chaos
