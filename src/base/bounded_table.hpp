// BoundedTable: the one thread-safe map with caps that every truth of the process lives in: sessions,
// streams, tokens.
//
// Owned by whoever owns the truth; any thread. Sharded with short locks that are never held while a value
// dies or the caller runs. Exact for any number of threads: never more than `entries_max` entries, nor more
// than `per_principal_max` of one principal; an entry keeps its place until nobody holds a Pin on it. Idle
// and absolute lifetimes end at the nanosecond for find() and at the next take_expired() for the caller.
// Least recently used goes first: exact with one shard, otherwise the oldest of the shards' oldest; entries
// that were pinned when an eviction passed over them count as oldest once released. A wrong principal is
// answered exactly as an unknown key. What leaves the table is returned, so that the caller notifies outside
// the locks. Refusals are values.
#pragma once

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/hash.hpp"
#include "base/table_shard.hpp"

namespace weir::base {

struct TableOptions {
  std::size_t entries_max = 1000;
  std::size_t per_principal_max = 1000;  // at `entries_max` or above it is not enforced
  Duration idle_max =
      std::chrono::hours{1};  // since the last refresh; at most kDurationMax, as is lifetime_max
  Duration lifetime_max = std::chrono::hours{24};
  unsigned shards = 16;  // a power of two up to 1024

  static constexpr Duration kDurationMax = std::chrono::hours{24 * 3650};
};

enum class TableOutcome { inserted, refused_full, refused_quota, refused_taken };
enum class TableReason { evicted, idle, lifetime, erased };

struct TableCounters {
  std::uint64_t inserted, evicted, expired, erased, refused_full, refused_quota, refused_taken;
};

// Names one entry, not its key: a replacement under the same key has another handle.
struct TableHandle {
  std::uint64_t generation = 0;
  std::uint32_t hash = 0;
  friend bool operator==(TableHandle const&, TableHandle const&) = default;
};

template <class Key, class Value, class Hash = TableHash>
class BoundedTable {
  using Entry = TableEntry<Key, Value>;
  using Shard = TableShard<Key, Value>;

 public:
  struct Removed {
    Key key;
    std::shared_ptr<Value> value;
    TableReason reason;
    TableHandle handle;
    bool in_use;  // pinned still: its place is free when the last pin goes
  };

  // The right to use one entry. While it lives the entry is neither evicted nor idle. Must not outlive the
  // table.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept : table_(other.table_), entry_(std::exchange(other.entry_, nullptr)) {}
    Pin& operator=(Pin&& other) noexcept {
      Pin taken(std::move(other));
      std::swap(table_, taken.table_);
      std::swap(entry_, taken.entry_);
      return *this;
    }
    ~Pin() {
      if (entry_ != nullptr) table_->unpin(*entry_);
    }
    explicit operator bool() const noexcept { return entry_ != nullptr; }
    Value& operator*() const noexcept { return *entry_->value; }
    Value* operator->() const noexcept { return entry_->value.get(); }
    std::shared_ptr<Value> const& share() const noexcept { return entry_->value; }
    TableHandle handle() const noexcept { return {entry_->generation, entry_->hash}; }
    // Restarts the idle time. For verified requests only (F-18): once when verified and, as pinned time does
    // not count as use, again when the work is done.
    void refresh(TimePoint now) { table_->refresh(*entry_, now); }

   private:
    friend class BoundedTable;
    Pin(BoundedTable& table, Entry& entry) noexcept : table_(&table), entry_(&entry) {}
    BoundedTable* table_ = nullptr;
    Entry* entry_ = nullptr;
  };

  struct Insertion {
    TableOutcome outcome;
    Pin pin;                       // on the new entry; empty when refused
    std::vector<Removed> removed;  // what made room
  };

  // `seed` is random, so that nobody can choose colliding keys.
  BoundedTable(TableOptions const& options, std::uint64_t seed);
  ~BoundedTable();
  BoundedTable(BoundedTable const&) = delete;
  BoundedTable& operator=(BoundedTable const&) = delete;

  // refused_taken: the key is present, whoever owns it. refused_quota: the principal has its share; its
  // expired entries count until they are taken. refused_full: every entry is pinned.
  Insertion insert(Key key, std::string_view principal, std::shared_ptr<Value> value, TimePoint now);

  // Empty when the key is unknown, expired or another principal's.
  template <class K>
  Pin find(K const& key, std::string_view principal, TimePoint now);

  // Empty when that entry is gone already. A pinned one is unreachable at once.
  std::optional<Removed> erase(TableHandle handle);

  // Up to `batch_max` entries whose time is over, pinned ones only at the end of their lifetime (F-16). A
  // full batch means that there may be more.
  std::vector<Removed> take_expired(TimePoint now, std::size_t batch_max);

  std::vector<Removed> take_all();  // for shutdown

  // Takes effect at once, `shards` excepted; returns the entries above a lowered cap. Pinned ones above it
  // stay.
  std::vector<Removed> set_options(TableOptions const& options, TimePoint now);

  std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }
  std::size_t size_of(std::string_view principal) const { return owners_.entries_of(principal); }
  std::size_t principals() const { return owners_.principals(); }
  TableCounters counters() const noexcept;

 private:
  void adopt(TableOptions const& options);
  template <class K>
  std::uint32_t hash_of(K const& key) const noexcept;
  Shard& shard_of(std::uint32_t hash) noexcept { return shards_[hash >> shift_ & (shard_count_ - 1)]; }
  TimePoint idle_end(Entry const& entry) const noexcept { return entry.last_used + idle_max_.load(); }
  TimePoint life_end(Entry const& entry) const noexcept { return entry.created + lifetime_max_.load(); }
  TimePoint deadline(Entry const& entry) const noexcept { return std::min(idle_end(entry), life_end(entry)); }
  std::optional<TableReason> over(Entry const& entry, TimePoint now) const noexcept;
  bool vacate_taken(Shard& shard, Entry const& entry, TimePoint now, std::vector<Removed>& removed);
  bool reserve(TimePoint now, std::vector<Removed>& removed);
  Entry* evict_oldest(TimePoint now, std::vector<Removed>& removed);
  void detach(Shard& shard, Entry& entry, TableReason reason, std::vector<Removed>& removed, Entry*& dead);
  void bury(Entry* dead, bool keep_place = false) noexcept;
  void refresh(Entry& entry, TimePoint now);
  void unpin(Entry& entry) noexcept;

  std::uint64_t const seed_;
  std::size_t const shard_count_;
  unsigned const shift_;
  std::unique_ptr<Shard[]> shards_;
  OwnerLedger owners_;
  std::atomic<std::size_t> entries_max_;
  std::atomic<std::size_t> per_principal_max_;
  std::atomic<Duration> idle_max_;
  std::atomic<Duration> lifetime_max_;
  std::atomic<std::size_t> count_{0};  // entries, and places reserved for one
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::size_t> sweep_{0};  // where the next take_expired() starts
  struct {
    std::atomic<std::uint64_t> inserted{0}, evicted{0}, expired{0}, erased{0}, full{0}, quota{0}, taken{0};
  } counted_;
};

}  // namespace weir::base

#include "base/bounded_table.ipp"
