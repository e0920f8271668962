// TlsContextCache: which contexts are kept, by what they are made of, and who builds one that is missing.
//
// Brain of TlsContexts, which holds a lock around each call; time is passed in. A key is a digest of
// everything that a context depends on, so other bytes in a file are another context (F-23). Never more than
// `entries_max` are kept; whoever uses a context holds it, so one that leaves lives on for as long as it is
// in use (F-24). A missing one is built once for all who ask (F-21), and only what has been built costs
// another its place (F-22); what could not be built is remembered for `broken_for`. Who leaves is the
// business of base/policy_duel.hpp: going round 101 contexts with room for 100 hits 19 times out of 20, where
// LRU never does (F-25). Nothing is destroyed in here: what leaves is returned.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/eviction_order.hpp"
#include "base/policy_duel.hpp"
#include "base/result.hpp"

namespace weir::net {

struct ContextCacheOptions {
  enum class Policy { adaptive, lru };
  std::size_t entries_max = 100;
  base::Duration lifetime = std::chrono::hours{1};  // since it was built; then it is built again
  base::Duration broken_for = std::chrono::seconds{10};
  Policy policy = Policy::adaptive;
};

struct ContextCacheCounters {
  std::uint64_t hits = 0, misses = 0, joined = 0;  // joined: waits for a build of another
  std::uint64_t broken = 0, busy = 0;              // told so at once
  std::uint64_t built = 0, failed = 0;
  std::uint64_t evicted = 0, expired = 0;
};

template <class Context>
class TlsContextCache {
 public:
  static constexpr std::size_t kBuildingMax = 256;
  static constexpr std::size_t kBrokenMax = 64;
  using Held = std::shared_ptr<Context const>;

  enum class Next {
    use,     // `context`
    build,   // the caller must, and then say built() or failed()
    wait,    // somebody is building it
    broken,  // `why`: it could not be built a moment ago
    busy,    // too many others are being built
  };
  struct Answer {
    Next next;
    Held context = nullptr;
    std::optional<base::Error> why = std::nullopt;
  };
  using Leavers = std::vector<Held>;  // the caller lets go of them, outside its lock

  // `seed` is random, so that nobody can choose files that share counters.
  TlsContextCache(ContextCacheOptions const& options, std::uint64_t seed)
      : seed_(seed), slab_(seed), order_(slab_, seed), sketch_(seed) {
    adopt(options);
  }

  Answer ask(base::Digest const& key, base::TimePoint now, Leavers& out) {
    count_use(key);
    if (auto const place = slab_.find(key); place != base::kNoPlace) {
      if (now < kept_[place].until) {
        order_.used(place);
        ++counters_.hits;
        return {Next::use, kept_[place].context};
      }
      remove(place, out);
      ++counters_.expired;
    }
    if (std::find(building_.begin(), building_.end(), key) != building_.end()) {
      ++counters_.joined;
      return {Next::wait};
    }
    std::erase_if(broken_, [now](Broken const& each) { return each.until <= now; });
    for (auto const& each : broken_) {
      if (!(each.key == key)) continue;
      ++counters_.broken;
      return {Next::broken, nullptr, each.why};
    }
    if (building_.size() >= kBuildingMax) {
      ++counters_.busy;
      return {Next::busy};
    }
    building_.push_back(key);
    ++counters_.misses;
    return {Next::build};
  }

  void built(base::Digest const& key, Held context, base::TimePoint now, Leavers& out) {
    std::erase(building_, key);
    ++counters_.built;
    make_room(options_.entries_max - 1, out);
    auto const place = slab_.insert(key);
    order_.add(place);
    if (kept_.size() <= place) kept_.resize(place + 1);
    kept_[place] = Kept{std::move(context), now + options_.lifetime};
  }

  void failed(base::Digest const& key, base::Error why, base::TimePoint now) {
    std::erase(building_, key);
    ++counters_.failed;
    if (broken_.size() >= kBrokenMax) broken_.erase(broken_.begin());
    broken_.push_back(Broken{key, std::move(why), now + options_.broken_for});
  }

  // It was never tried: the next one who asks builds.
  void given_up(base::Digest const& key) { std::erase(building_, key); }

  // Those whose time is over, asked for or not.
  void expire(base::TimePoint now, Leavers& out) {
    for (base::Place place = 1; place < slab_.end(); ++place) {
      if (slab_[place].segment() == base::Segment::free || now < kept_[place].until) continue;
      remove(place, out);
      ++counters_.expired;
    }
  }

  // What is kept keeps its time.
  void set_options(ContextCacheOptions const& options, Leavers& out) {
    adopt(options);
    make_room(options_.entries_max, out);
  }

  std::size_t size() const noexcept { return slab_.size(); }
  std::size_t building() const noexcept { return building_.size(); }
  ContextCacheCounters const& counters() const noexcept { return counters_; }

 private:
  struct Kept {
    Held context;
    base::TimePoint until;
  };
  struct Broken {
    base::Digest key;
    base::Error why;
    base::TimePoint until;
  };

  void adopt(ContextCacheOptions const& options) {
    options_ = options;
    options_.entries_max = std::max<std::size_t>(1, options.entries_max);
    sketch_.fit(options_.entries_max);
    if (options.policy == ContextCacheOptions::Policy::lru) {
      duel_.reset();
    } else if (!duel_) {
      duel_ = std::make_unique<base::PolicyDuel>(seed_);
    }
    order_.set_window(duel_ ? duel_->share() : base::EvictionOrder::kWhole);
  }

  void count_use(base::Digest const& key) {
    if (!duel_) return;
    sketch_.add(key);
    if (duel_->use(key, options_.entries_max, sketch_)) order_.set_window(duel_->share());
  }

  void make_room(std::size_t entries, Leavers& out) {
    for (; slab_.size() > entries; ++counters_.evicted) remove(order_.pick(sketch_), out);
  }

  void remove(base::Place place, Leavers& out) {
    order_.remove(place);
    slab_.erase(place);
    out.push_back(std::exchange(kept_[place].context, nullptr));
  }

  std::uint64_t const seed_;
  ContextCacheOptions options_;
  base::EntrySlab slab_;
  base::EvictionOrder order_;
  base::FrequencySketch sketch_;
  std::unique_ptr<base::PolicyDuel> duel_;  // null: LRU
  std::vector<Kept> kept_;                  // by place
  std::vector<base::Digest> building_;
  std::vector<Broken> broken_;
  ContextCacheCounters counters_;
};

}  // namespace weir::net
