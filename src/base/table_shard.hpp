// TableShard: one lock's worth of a bounded table: entries by key, by age and by deadline.
//
// Part of BoundedTable, which holds `lock` around every call; it counts nothing and enforces no cap. 88 bytes
// of bookkeeping an entry, plus one bucket pointer. Entries that are pinned when an eviction looks for the
// oldest step out of the order of age ("parked") and come back as the oldest, so that each pin is passed over
// at most once.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "base/intrusive_list.hpp"
#include "base/owner_ledger.hpp"
#include "base/timer_wheel.hpp"

namespace weir::base {

struct AgeHook : ListHook {};

template <class Key, class Value>
struct TableEntry : TimerNode, AgeHook {
  TableEntry* next = nullptr;  // in its bucket, or in a list of dead entries
  OwnerLedger::Owner* owner = nullptr;
  TimePoint created;
  TimePoint last_used;
  std::uint64_t generation = 0;
  std::uint32_t hash = 0;
  std::uint32_t pins : 30 = 0;
  std::uint32_t doomed : 1 = 0;        // removed from the shard while pinned
  std::uint32_t idle_skipped : 1 = 0;  // its idle deadline fired while it was pinned
  Key key;
  std::shared_ptr<Value> value;

  TableEntry(Key k, std::shared_ptr<Value> v) : key(std::move(k)), value(std::move(v)) {}
};

template <class Key, class Value>
class TableShard {
 public:
  using Entry = TableEntry<Key, Value>;
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();

  alignas(64) std::mutex lock;

  template <class K>
  Entry* find(K const& key, std::uint32_t hash) noexcept {
    Entry* at = buckets_[hash & mask()];
    while (at != nullptr && !(at->hash == hash && at->key == key)) at = at->next;
    return at;
  }
  Entry* find(std::uint32_t hash, std::uint64_t generation) noexcept {
    Entry* at = buckets_[hash & mask()];
    while (at != nullptr && at->generation != generation) at = at->next;
    return at;
  }
  Entry* any() noexcept {
    for (Entry* const head : buckets_)
      if (head != nullptr) return head;
    return nullptr;
  }
  void link(Entry& entry, TimePoint due) {
    if (entries_ == buckets_.size()) grow();
    push(buckets_[entry.hash & mask()], entry);
    ++entries_;
    wheel_.insert(entry, due);
    make_youngest(entry);
  }
  void unlink(Entry& entry) noexcept {
    Entry** at = &buckets_[entry.hash & mask()];
    while (*at != &entry) at = &(*at)->next;
    *at = entry.next;
    entry.next = nullptr;
    --entries_;
    static_cast<TimerNode&>(entry).unlink();
    static_cast<AgeHook&>(entry).unlink();
    publish_oldest();
  }
  void rearm(Entry& entry, TimePoint due) noexcept { wheel_.insert(entry, due); }
  void make_youngest(Entry& entry) noexcept {
    ages_.push_front(entry);
    publish_oldest();
  }
  void unpark(Entry& entry) noexcept {
    if (static_cast<AgeHook&>(entry).linked()) return;
    ages_.push_back(entry);
    publish_oldest();
  }
  // The entry unused for longest among those not pinned; null when there is none.
  Entry* oldest_unpinned() noexcept {
    Entry* found = nullptr;
    while (found == nullptr && !ages_.empty()) {
      auto& oldest = static_cast<Entry&>(ages_.back());
      if (oldest.pins == 0)
        found = &oldest;
      else
        static_cast<AgeHook&>(oldest).unlink();
    }
    publish_oldest();
    return found;
  }
  // The next entry whose timer has fired, its timer unset; null when there is none.
  Entry* next_due(TimePoint now) noexcept {
    if (due_.empty()) wheel_.advance(now, [this](TimerNode& node) { due_.push_back(node); });
    return static_cast<Entry*>(due_.pop_front());
  }
  template <class Visit>
  void for_each(Visit visit) {
    for (Entry* head : buckets_)
      for (Entry* at = head; at != nullptr; at = at->next) visit(*at);
  }

  // When the oldest entry was last used; readable without the lock, then only a hint.
  std::int64_t oldest_hint() const noexcept { return oldest_.load(std::memory_order_relaxed); }

  static void push(Entry*& list, Entry& entry) noexcept {
    entry.next = list;
    list = &entry;
  }

 private:
  std::size_t mask() const noexcept { return buckets_.size() - 1; }
  void publish_oldest() noexcept {
    std::int64_t const at =
        ages_.empty() ? kNothing : static_cast<Entry&>(ages_.back()).last_used.time_since_epoch().count();
    oldest_.store(at, std::memory_order_relaxed);
  }
  void grow() {
    std::vector<Entry*> wider(buckets_.size() * 2);
    for (Entry* head : buckets_) {
      while (head != nullptr) {
        Entry& entry = *head;
        head = entry.next;
        push(wider[entry.hash & (wider.size() - 1)], entry);
      }
    }
    buckets_.swap(wider);
  }

  std::vector<Entry*> buckets_ = std::vector<Entry*>(8);
  std::size_t entries_ = 0;
  IntrusiveList<AgeHook> ages_;  // front: youngest
  TimerWheel wheel_{TimePoint{}};
  IntrusiveList<TimerNode> due_;
  std::atomic<std::int64_t> oldest_{kNothing};
};

}  // namespace weir::base
