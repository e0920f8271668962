// Traces for the hit-ratio test: sequences of keys as models of traffic, the same for the same seed.
//
// Test code. Models of what is known of real traces, not of any policy: popularity by Zipf's law, agents who
// come back to a drifting working set, scans, loops, transactions that use a thing a few times and drop it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace weir::cache::traces {

using Key = std::uint64_t;
using Trace = std::vector<Key>;

class Source {
 public:
  explicit Source(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  double unit() { return static_cast<double>(random_.next() >> 11U) * 0x1.0p-53; }
  bool chance(double p) { return unit() < p; }
  // Mean `mean`, at least 1.
  std::uint64_t geometric(double mean) {
    return 1 + static_cast<std::uint64_t>(std::log1p(-unit()) / std::log1p(-1.0 / std::max(mean, 1.001)));
  }
  Key fresh() { return (1ULL << 40U) + fresh_++; }  // a key that never was

 private:
  base::SeededRandom random_;
  Key fresh_ = 0;
};

// Ranks 0, 1, ... with weights 1 / (rank + 1)^skew.
class Zipf {
 public:
  Zipf(std::size_t keys, double skew) : sums_(keys) {
    double sum = 0;
    for (std::size_t i = 0; i < keys; ++i) sums_[i] = sum += std::pow(static_cast<double>(i + 1), -skew);
  }
  std::size_t operator()(Source& source) const {
    auto const at = std::upper_bound(sums_.begin(), sums_.end(), source.unit() * sums_.back());
    return std::min<std::size_t>(static_cast<std::size_t>(at - sums_.begin()), sums_.size() - 1);
  }

 private:
  std::vector<double> sums_;
};

inline Trace zipf(double skew, std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const ranks(10'000, skew);
  Trace trace;
  while (trace.size() < length) trace.push_back(ranks(source));
  return trace;
}

// Agents: Zipf 0.9 over 5,000 keys whose popular ones change by and by, a tenth of the calls for keys never
// seen again, and somebody who lists 2,000 things once in 50,000 calls.
inline Trace agents(std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const ranks(5'000, 0.9);
  Trace trace;
  while (trace.size() < length) {
    auto const i = trace.size();
    if (i % 50'000 == 25'000) {
      for (Key key = 0; key < 2'000; ++key) trace.push_back(1'000'000 + i * 4'000 + key);
    } else if (source.chance(0.1)) {
      trace.push_back(source.fresh());
    } else {
      trace.push_back((ranks(source) + i / 100) % 5'000);  // the most popular key moves on every 100 calls
    }
  }
  return trace;
}

inline Trace loop(std::size_t around, std::size_t length) {
  Trace trace;
  while (trace.size() < length) trace.push_back(trace.size() % around);
  return trace;
}

// A program in phases, as the traces used to study low inter-reference recency: nested loops over two files,
// a random walk over an index, a sequential pass, and again.
inline Trace phases(std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const index(1'500, 0.7);
  Trace trace;
  while (trace.size() < length) {
    for (int round = 0; round < 6; ++round) {
      for (Key key = 0; key < 700; ++key) {
        trace.push_back(10'000 + key);
        if (key % 4 == 0) trace.push_back(source.below(60));
      }
    }
    for (int i = 0; i < 4'000; ++i) trace.push_back(20'000 + index(source));
    for (int i = 0; i < 1'500; ++i) trace.push_back(source.fresh());
  }
  trace.resize(length);
  return trace;
}

// A join: an index probed at random with local runs, and a table read round and round.
inline Trace joins(std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const index(800, 0.8);
  Trace trace;
  for (Key row = 0; trace.size() < length; ++row) {
    trace.push_back(50'000 + row % 2'200);
    auto const probes = source.below(3);
    for (std::uint64_t i = 0; i < probes; ++i) trace.push_back(index(source));
  }
  return trace;
}

// A busy database behind an object mapper: a few transactions at a time, each of which loads objects, uses
// them again within moments and drops them; some objects are in every transaction.
inline Trace transactions(std::size_t length, std::uint64_t seed) {
  struct Transaction {
    std::vector<Key> objects;
    std::uint64_t left = 0;
  };
  Source source(seed);
  Zipf const tables(40'000, 0.6);
  std::vector<Transaction> open(4);
  Trace trace;
  while (trace.size() < length) {
    Transaction& at = open[source.below(open.size())];
    if (at.left == 0) at = {{}, source.geometric(60)};
    --at.left;
    if (source.chance(0.05)) {
      trace.push_back(1'000'000 + source.below(8));
    } else if (at.objects.empty() || source.chance(0.42)) {
      at.objects.push_back(tables(source));
      trace.push_back(at.objects.back());
    } else {
      auto const back = std::min<std::uint64_t>(source.geometric(6), at.objects.size());
      trace.push_back(at.objects[at.objects.size() - back]);
    }
  }
  return trace;
}

// The web: many pages of slowly changing popularity, new pages that are hot for a while, robots.
inline Trace web(std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const pages(20'000, 0.75);
  Zipf const news(200, 1.0);
  Trace trace;
  while (trace.size() < length) {
    auto const i = trace.size();
    double const what = source.unit();
    if (what < 0.55) {
      trace.push_back(pages(source));
    } else if (what < 0.90) {
      trace.push_back(100'000 + i / 40 - std::min<Key>(news(source), i / 40));
    } else {
      trace.push_back(source.fresh());
    }
  }
  return trace;
}

// A ledger: most entries are written, looked at a few times soon after, and seldom again.
inline Trace ledger(std::size_t length, std::uint64_t seed) {
  Source source(seed);
  Zipf const accounts(3'000, 0.8);
  Trace trace;
  Key newest = 100'000;
  while (trace.size() < length) {
    double const what = source.unit();
    if (what < 0.35) {
      trace.push_back(++newest);
    } else if (what < 0.75) {
      trace.push_back(newest - std::min<Key>(source.geometric(150), newest - 100'000));
    } else {
      trace.push_back(accounts(source));
    }
  }
  return trace;
}

struct Cell {
  std::string name;
  Trace const* trace;
  std::size_t entries;
};

struct Traces {
  std::vector<std::pair<std::string, Trace>> all;
  std::vector<Cell> cells;

  Traces(std::size_t length, std::uint64_t seed) {
    all = {{"zipf 0.8", zipf(0.8, length, seed)},
           {"zipf 1.0", zipf(1.0, length, seed + 1)},
           {"zipf 1.2", zipf(1.2, length, seed + 2)},
           {"agents", agents(length, seed + 3)},
           {"loop 1011", loop(1'011, std::max<std::size_t>(length, 200'000))},  // 200 times round
           {"phases", phases(length, seed + 4)},
           {"joins", joins(length, seed + 5)},
           {"transactions", transactions(length, seed + 6)},
           {"web", web(length, seed + 7)},
           {"ledger", ledger(length, seed + 8)}};
    for (auto const& [name, trace] : all) {
      std::vector<std::size_t> sizes = {100, 500, 1'000};
      if (name == "agents" || name == "web") sizes.push_back(2'500);
      if (name == "loop 1011") sizes = {256, 512, 1'000};
      for (std::size_t const entries : sizes) cells.push_back({name, &trace, entries});
    }
  }
};

}  // namespace weir::cache::traces
