// Bodies of BoundedTable; included by bounded_table.hpp only.
#pragma once

namespace weir::base {

template <class Key, class Value, class Hash>
BoundedTable<Key, Value, Hash>::BoundedTable(TableOptions const& options, std::uint64_t seed)
    : seed_(seed),
      shard_count_(options.shards),
      shift_(static_cast<unsigned>(std::countl_zero(options.shards)) % 32U),
      shards_(std::make_unique<Shard[]>(options.shards)),
      owners_(seed) {
  WEIR_ASSERT(std::has_single_bit(options.shards) && options.shards <= 1024);
  adopt(options);
}

template <class Key, class Value, class Hash>
BoundedTable<Key, Value, Hash>::~BoundedTable() {
  take_all();
  WEIR_ASSERT(size() == 0);  // a pin outlived the table
}

template <class Key, class Value, class Hash>
void BoundedTable<Key, Value, Hash>::adopt(TableOptions const& options) {
  auto const allowed = [](Duration d) { return d > Duration::zero() && d <= TableOptions::kDurationMax; };
  WEIR_ASSERT(options.entries_max > 0 && options.per_principal_max > 0);
  WEIR_ASSERT(allowed(options.idle_max) && allowed(options.lifetime_max));
  entries_max_ = options.entries_max;
  per_principal_max_ = options.per_principal_max;
  idle_max_ = options.idle_max;
  lifetime_max_ = options.lifetime_max;
}

template <class Key, class Value, class Hash>
template <class K>
std::uint32_t BoundedTable<Key, Value, Hash>::hash_of(K const& key) const noexcept {
  return static_cast<std::uint32_t>(Hash{}(key, seed_) >> 32);
}

template <class Key, class Value, class Hash>
std::optional<TableReason> BoundedTable<Key, Value, Hash>::over(Entry const& entry,
                                                                TimePoint now) const noexcept {
  if (now >= life_end(entry)) return TableReason::lifetime;
  if (entry.pins == 0 && now >= idle_end(entry)) return TableReason::idle;
  return std::nullopt;
}

// Takes `entry` out of the shard, whose lock is held. It joins `dead`, or is doomed when somebody still uses
// it.
template <class Key, class Value, class Hash>
void BoundedTable<Key, Value, Hash>::detach(Shard& shard, Entry& entry, TableReason reason,
                                            std::vector<Removed>& removed, Entry*& dead) {
  TableHandle const handle{entry.generation, entry.hash};
  bool const in_use = entry.pins > 0;
  shard.unlink(entry);
  removed.push_back({in_use ? entry.key : std::move(entry.key), entry.value, reason, handle, in_use});
  if (in_use)
    entry.doomed = 1;
  else
    Shard::push(dead, entry);
  auto& counter = reason == TableReason::evicted  ? counted_.evicted
                  : reason == TableReason::erased ? counted_.erased
                                                  : counted_.expired;
  counter.fetch_add(1, std::memory_order_relaxed);
}

// Ends dead entries; their places are given back, or kept for the caller. No lock is held here.
template <class Key, class Value, class Hash>
void BoundedTable<Key, Value, Hash>::bury(Entry* dead, bool keep_place) noexcept {
  while (dead != nullptr) {
    std::unique_ptr<Entry> const entry(std::exchange(dead, dead->next));
    owners_.release(entry->owner);
    if (!keep_place) count_.fetch_sub(1, std::memory_order_acq_rel);
  }
}

template <class Key, class Value, class Hash>
typename BoundedTable<Key, Value, Hash>::Entry* BoundedTable<Key, Value, Hash>::evict_oldest(
    TimePoint now, std::vector<Removed>& removed) {
  removed.reserve(removed.size() + 1);
  for (std::size_t attempt = 0; attempt < 2 * shard_count_; ++attempt) {
    auto const older = [](Shard const& a, Shard const& b) { return a.oldest_hint() < b.oldest_hint(); };
    Shard& shard = *std::min_element(shards_.get(), shards_.get() + shard_count_, older);
    if (shard.oldest_hint() == Shard::kNothing) return nullptr;
    std::lock_guard const guard(shard.lock);
    Entry* const oldest = shard.oldest_unpinned();
    if (oldest == nullptr) continue;
    Entry* dead = nullptr;
    detach(shard, *oldest, over(*oldest, now).value_or(TableReason::evicted), removed, dead);
    return dead;
  }
  return nullptr;
}

// Reserves a place before anything is inserted, so that no thread ever sees the cap exceeded. An evicted
// entry hands its place over; it is given back only when a reload has lowered the cap.
template <class Key, class Value, class Hash>
bool BoundedTable<Key, Value, Hash>::reserve(TimePoint now, std::vector<Removed>& removed) {
  for (;;) {
    std::size_t count = count_.load(std::memory_order_relaxed);
    std::size_t const max = entries_max_.load(std::memory_order_relaxed);
    while (count < max)
      if (count_.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel)) return true;
    Entry* const evicted = evict_oldest(now, removed);
    if (evicted == nullptr) return false;
    bury(evicted, count == max);
    if (count == max) return true;
  }
}

// True when the key of `entry` is free. An expired holder of it is removed first.
template <class Key, class Value, class Hash>
bool BoundedTable<Key, Value, Hash>::vacate_taken(Shard& shard, Entry const& entry, TimePoint now,
                                                  std::vector<Removed>& removed) {
  Entry* dead = nullptr;
  {
    std::lock_guard const guard(shard.lock);
    Entry* const holder = shard.find(entry.key, entry.hash);
    if (holder == nullptr) return true;
    auto const reason = over(*holder, now);
    if (!reason) return false;
    detach(shard, *holder, *reason, removed, dead);
  }
  bury(dead);
  return true;
}

template <class Key, class Value, class Hash>
typename BoundedTable<Key, Value, Hash>::Insertion BoundedTable<Key, Value, Hash>::insert(
    Key key, std::string_view principal, std::shared_ptr<Value> value, TimePoint now) {
  Insertion result{TableOutcome::inserted, {}, {}};
  auto const refuse = [&result](TableOutcome outcome, std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
    result.outcome = outcome;
    return std::move(result);
  };
  auto entry = std::make_unique<Entry>(std::move(key), std::move(value));
  entry->created = entry->last_used = now;
  entry->hash = hash_of(entry->key);
  entry->generation = 1 + generation_.fetch_add(1, std::memory_order_relaxed);
  entry->pins = 1;
  Shard& shard = shard_of(entry->hash);
  if (!vacate_taken(shard, *entry, now, result.removed))
    return refuse(TableOutcome::refused_taken, counted_.taken);

  std::size_t const share = per_principal_max_.load(std::memory_order_relaxed);
  bool const shared_out = share < entries_max_.load(std::memory_order_relaxed);
  entry->owner = owners_.acquire(principal, shared_out ? share : std::size_t{0} - 1);
  if (entry->owner == nullptr) return refuse(TableOutcome::refused_quota, counted_.quota);
  if (!reserve(now, result.removed)) {
    owners_.release(entry->owner);
    return refuse(TableOutcome::refused_full, counted_.full);
  }
  {
    std::unique_lock guard(shard.lock);
    if (shard.find(entry->key, entry->hash) != nullptr) {  // another thread came first
      guard.unlock();
      bury(entry.release());
      return refuse(TableOutcome::refused_taken, counted_.taken);
    }
    shard.link(*entry, deadline(*entry));
  }
  counted_.inserted.fetch_add(1, std::memory_order_relaxed);
  result.pin = Pin(*this, *entry.release());
  return result;
}

template <class Key, class Value, class Hash>
template <class K>
typename BoundedTable<Key, Value, Hash>::Pin BoundedTable<Key, Value, Hash>::find(K const& key,
                                                                                  std::string_view principal,
                                                                                  TimePoint now) {
  std::uint32_t const hash = hash_of(key);
  Shard& shard = shard_of(hash);
  std::lock_guard const guard(shard.lock);
  Entry* const entry = shard.find(key, hash);
  if (entry == nullptr || entry->owner->name != principal || over(*entry, now)) return {};
  ++entry->pins;
  return Pin(*this, *entry);
}

template <class Key, class Value, class Hash>
std::optional<typename BoundedTable<Key, Value, Hash>::Removed> BoundedTable<Key, Value, Hash>::erase(
    TableHandle handle) {
  std::vector<Removed> removed;
  Entry* dead = nullptr;
  Shard& shard = shard_of(handle.hash);
  {
    std::lock_guard const guard(shard.lock);
    Entry* const entry = shard.find(handle.hash, handle.generation);
    if (entry == nullptr) return std::nullopt;
    detach(shard, *entry, TableReason::erased, removed, dead);
  }
  bury(dead);
  return std::move(removed.front());
}

template <class Key, class Value, class Hash>
std::vector<typename BoundedTable<Key, Value, Hash>::Removed> BoundedTable<Key, Value, Hash>::take_expired(
    TimePoint now, std::size_t batch_max) {
  std::vector<Removed> removed;
  std::size_t const first = sweep_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < shard_count_ && removed.size() < batch_max; ++i) {
    Shard& shard = shards_[(first + i) & (shard_count_ - 1)];
    Entry* dead = nullptr;
    {
      std::lock_guard const guard(shard.lock);
      while (removed.size() < batch_max) {
        Entry* const entry = shard.next_due(now);
        if (entry == nullptr) break;
        if (auto const reason = over(*entry, now)) {
          detach(shard, *entry, *reason, removed, dead);
          continue;
        }
        entry->idle_skipped = entry->pins > 0 ? 1 : 0;
        shard.rearm(*entry, entry->pins > 0 ? life_end(*entry) : deadline(*entry));
      }
    }
    bury(dead);
  }
  return removed;
}

template <class Key, class Value, class Hash>
std::vector<typename BoundedTable<Key, Value, Hash>::Removed> BoundedTable<Key, Value, Hash>::take_all() {
  std::vector<Removed> removed;
  for (std::size_t i = 0; i < shard_count_; ++i) {
    Entry* dead = nullptr;
    {
      std::lock_guard const guard(shards_[i].lock);
      while (Entry* const entry = shards_[i].any())
        detach(shards_[i], *entry, TableReason::erased, removed, dead);
    }
    bury(dead);
  }
  return removed;
}

template <class Key, class Value, class Hash>
std::vector<typename BoundedTable<Key, Value, Hash>::Removed> BoundedTable<Key, Value, Hash>::set_options(
    TableOptions const& options, TimePoint now) {
  adopt(options);
  for (std::size_t i = 0; i < shard_count_; ++i) {
    std::lock_guard const guard(shards_[i].lock);
    shards_[i].for_each([&](Entry& entry) { shards_[i].rearm(entry, deadline(entry)); });
  }
  std::vector<Removed> removed;
  while (size() > options.entries_max) {
    Entry* const evicted = evict_oldest(now, removed);
    if (evicted == nullptr) break;
    bury(evicted);
  }
  return removed;
}

template <class Key, class Value, class Hash>
void BoundedTable<Key, Value, Hash>::refresh(Entry& entry, TimePoint now) {
  Shard& shard = shard_of(entry.hash);
  std::lock_guard const guard(shard.lock);
  if (entry.doomed != 0 || now < entry.last_used) return;
  entry.last_used = now;
  shard.make_youngest(entry);
}

template <class Key, class Value, class Hash>
void BoundedTable<Key, Value, Hash>::unpin(Entry& entry) noexcept {
  Shard& shard = shard_of(entry.hash);
  {
    std::lock_guard const guard(shard.lock);
    if (--entry.pins > 0) return;
    if (entry.doomed == 0) {
      shard.unpark(entry);
      if (entry.idle_skipped != 0) shard.rearm(entry, deadline(entry));
      entry.idle_skipped = 0;
      return;
    }
  }
  bury(&entry);
}

template <class Key, class Value, class Hash>
TableCounters BoundedTable<Key, Value, Hash>::counters() const noexcept {
  auto const value = [](std::atomic<std::uint64_t> const& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {value(counted_.inserted), value(counted_.evicted), value(counted_.expired), value(counted_.erased),
          value(counted_.full),     value(counted_.quota),   value(counted_.taken)};
}

}  // namespace weir::base
