// Simple caches of fixed policy, to measure the shipped one against in the hit-ratio test.
//
// Test code: written for plainness. Each counts the hits of a trace in a cache of so many entries.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cache/trace_generators.hpp"

namespace weir::cache::traces {

inline std::size_t fifo_hits(Trace const& trace, std::size_t entries) {
  std::deque<Key> order;
  std::unordered_set<Key> held;
  std::size_t hits = 0;
  for (Key const key : trace) {
    if (held.contains(key)) {
      ++hits;
      continue;
    }
    if (held.size() == entries) {
      held.erase(order.front());
      order.pop_front();
    }
    held.insert(key);
    order.push_back(key);
  }
  return hits;
}

// SIEVE: a queue, a mark for what was used, a hand that passes over marked ones and takes the mark away.
inline std::size_t sieve_hits(Trace const& trace, std::size_t entries) {
  struct Held {
    Key key;
    bool used;
  };
  std::list<Held> queue;  // youngest first
  std::unordered_map<Key, std::list<Held>::iterator> places;
  auto hand = queue.end();
  std::size_t hits = 0;
  for (Key const key : trace) {
    if (auto const found = places.find(key); found != places.end()) {
      found->second->used = true;
      ++hits;
      continue;
    }
    if (places.size() == entries) {
      if (hand == queue.end()) --hand;
      while (hand->used) {
        hand->used = false;
        hand = hand == queue.begin() ? std::prev(queue.end()) : std::prev(hand);
      }
      auto const victim = hand;
      hand = victim == queue.begin() ? queue.end() : std::prev(victim);
      places.erase(victim->key);
      queue.erase(victim);
    }
    queue.push_front({key, false});
    places[key] = queue.begin();
  }
  return hits;
}

// S3-FIFO: a small queue of a tenth, a main queue with two-bit counters, a ghost queue as long as main.
inline std::size_t s3fifo_hits(Trace const& trace, std::size_t entries) {
  struct Held {
    unsigned uses = 0;
  };
  std::deque<Key> small, main, ghosts;
  std::unordered_map<Key, Held> held;
  std::unordered_map<Key, unsigned> ghost_count;
  std::size_t const small_max = std::max<std::size_t>(1, entries / 10);
  std::size_t hits = 0;
  auto const evict = [&] {
    for (;;) {
      auto& queue = small.size() >= small_max || main.empty() ? small : main;
      bool const from_small = &queue == &small;
      Key const key = queue.front();
      queue.pop_front();
      unsigned& uses = held[key].uses;
      if (from_small && uses > 1) {
        uses = 0;
        main.push_back(key);
      } else if (!from_small && uses > 0) {
        --uses;
        main.push_back(key);
      } else {
        held.erase(key);
        if (from_small) {
          ghosts.push_back(key);
          ++ghost_count[key];
          if (ghosts.size() > entries - small_max) {
            if (--ghost_count[ghosts.front()] == 0) ghost_count.erase(ghosts.front());
            ghosts.pop_front();
          }
        }
        return;
      }
    }
  };
  for (Key const key : trace) {
    if (auto const found = held.find(key); found != held.end()) {
      found->second.uses = std::min(found->second.uses + 1, 3U);
      ++hits;
      continue;
    }
    bool const known = ghost_count.contains(key);
    while (held.size() >= entries) evict();
    held[key] = {};
    (known ? main : small).push_back(key);
  }
  return hits;
}

// W-TinyLFU with a window of a fixed share and exact counts, halved after ten uses an entry.
class FixedTinyLfu {
 public:
  FixedTinyLfu(std::size_t entries, std::size_t window_percent)
      : entries_(entries),
        window_max_(std::max<std::size_t>(1, entries * window_percent / 100)),
        protected_max_((entries - window_max_) * 4 / 5) {}

  bool use(Key key) {
    count(key);
    if (auto const found = places_.find(key); found != places_.end()) {
      touch(found->second);
      return true;
    }
    insert(key);
    return false;
  }

 private:
  enum Part { window, probation, guarded };
  struct Place {
    Part part;
    std::list<Key>::iterator at;
  };

  void count(Key key) {
    unsigned& uses = uses_[key];
    if (uses == 15) return;
    ++uses;
    if (++sum_ < entries_ * 10) return;
    sum_ = 0;
    for (auto at = uses_.begin(); at != uses_.end();) {
      at->second /= 2;
      at = at->second == 0 ? uses_.erase(at) : std::next(at);
    }
    sum_ = entries_ * 5;
  }
  void move(Key key, Part to) {
    Place& place = places_[key];
    lists_[to].splice(lists_[to].begin(), lists_[place.part], place.at);
    place.part = to;
  }
  void touch(Place& place) {
    Key const key = *place.at;
    move(key, place.part == window ? window : guarded);
    if (lists_[guarded].size() > protected_max_) move(lists_[guarded].back(), probation);
  }
  void insert(Key key) {
    lists_[window].push_front(key);
    places_[key] = {window, lists_[window].begin()};
    if (lists_[window].size() <= window_max_) return;
    Key const candidate = lists_[window].back();
    move(candidate, probation);
    if (places_.size() <= entries_) return;
    Key victim = lists_[probation].back();
    if (victim == candidate && !lists_[guarded].empty()) victim = lists_[guarded].back();
    Key const loser = uses_[candidate] > uses_[victim] ? victim : candidate;
    lists_[places_[loser].part].erase(places_[loser].at);
    places_.erase(loser);
  }

  std::size_t entries_, window_max_, protected_max_, sum_ = 0;
  std::list<Key> lists_[3];
  std::unordered_map<Key, Place> places_;
  std::unordered_map<Key, unsigned> uses_;
};

inline std::size_t tiny_lfu_hits(Trace const& trace, std::size_t entries, std::size_t window_percent) {
  FixedTinyLfu cache(entries, window_percent);
  return static_cast<std::size_t>(
      std::count_if(trace.begin(), trace.end(), [&](Key key) { return cache.use(key); }));
}

}  // namespace weir::cache::traces
