#include "chaos/fault_deck.hpp"

#include <numeric>
#include <utility>

namespace weir::chaos {

std::uint64_t FaultCounts::harmed_in_all() const noexcept {
  return std::accumulate(harmed.begin(), harmed.end(), std::uint64_t{0});
}

FaultCounts& FaultCounts::operator+=(FaultCounts const& other) noexcept {
  answers += other.answers;
  kills += other.kills;
  stops += other.stops;
  for (std::size_t i = 0; i < kFaultKinds; ++i) harmed[i] += other.harmed[i];
  return *this;
}

void FaultDeck::shuffle(FaultMix const& mix) {
  mix_ = mix;
  cards_.clear();
  for (std::size_t kind = 1; kind < kFaultKinds; ++kind) {
    cards_.insert(cards_.end(), mix.weights[kind], static_cast<FaultKind>(kind));
  }
  for (std::size_t left = cards_.size(); left > 1; --left) {
    std::swap(cards_[left - 1], cards_[dice_.below(left)]);
  }
}

FaultKind FaultDeck::draw(FaultStep const& step) {
  ++counts_.answers;
  if (dice_.below(1000) >= step.per_thousand || step.mix.total() == 0) return FaultKind::none;
  if (cards_.empty() || mix_ != step.mix) shuffle(step.mix);
  auto const kind = cards_.back();
  cards_.pop_back();
  auto const at = static_cast<std::size_t>(kind);
  if (paid_[at] > 0) {
    --paid_[at];
    return FaultKind::none;
  }
  ++counts_.harmed[at];
  if (kind == FaultKind::kill) ++counts_.kills;
  if (kind == FaultKind::stop) ++counts_.stops;
  return kind;
}

base::Duration FaultDeck::wait(FaultStep const& step) {
  if (step.jitter <= base::Duration::zero()) return step.latency;
  auto const more = jitter_.below(static_cast<std::uint64_t>(step.jitter.count()) + 1);
  return step.latency + base::Duration{static_cast<base::Duration::rep>(more)};
}

void FaultDeck::take_back(FaultKind kind) noexcept { --counts_.harmed[static_cast<std::size_t>(kind)]; }

void FaultDeck::also_harmed(FaultKind kind) noexcept {
  ++counts_.harmed[static_cast<std::size_t>(kind)];
  ++paid_[static_cast<std::size_t>(kind)];
}

}  // namespace weir::chaos
