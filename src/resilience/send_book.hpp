// SendBook: what retries and hedges of one server know together: the budget, and how long its calls take.
//
// One per server, at its home; one thread. Shared by the layers, and kept through a reload.
#pragma once

#include "base/random.hpp"
#include "resilience/latency_book.hpp"
#include "resilience/retry_budget.hpp"

namespace weir::resilience {

struct SendBook {
  SendBook(double share, std::uint64_t seed) : budget(share), random(seed) {}
  double luck() { return static_cast<double>(random.next() >> 11U) * 0x1p-53; }  // in [0, 1)

  RetryBudget budget;
  LatencyBook times;
  base::SeededRandom random;
};

}  // namespace weir::resilience
