// IdempotencyTable: what became of the calls that came with an Idempotency-Key, so that a repetition is not a
// second execution.
//
// One per process; any thread; one short lock, held while nothing is told, freed or copied. A key belongs to
// its principal. Who comes first gets the Turn and executes; who comes with the same key meanwhile waits, at
// most `waiters_max` of them; who comes later gets what was kept. The same key with another fingerprint is
// refused. A Turn is settled with what came out, or given back when nothing was executed: those who wait
// then ask again, and one of them executes.
//
// Bounds: `entries_max`, `bytes_max` of answers, `ttl` after the end. At most `share` of either belongs to
// one principal: what it keeps beyond that displaces its own oldest, not another's. What is executing is
// never displaced; when nothing else is left, the call is refused. An answer over `answer_bytes_max` is not
// kept, only that it was given. Why not base::BoundedTable: that counts entries, not bytes, and refuses at a
// principal's share instead of letting its oldest go.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/intrusive_list.hpp"
#include "base/result.hpp"
#include "observe/metrics.hpp"

namespace weir::limits {

struct IdempotencyOptions {
  std::size_t entries_max = 5000;
  std::size_t bytes_max = 16UL * 1024 * 1024;
  std::size_t answer_bytes_max = 1024UL * 1024;
  std::size_t waiters_max = 64;  // of one key
  double share = 0.5;            // of entries and bytes, for one principal
  base::Duration ttl = std::chrono::minutes{5};
};

// How a call ended: the JSON-RPC message that answered it, or a failure. Immutable, any thread.
struct Ending {
  std::string text;
  std::optional<base::Error> error;    // then `text` is empty
  std::string server = {}, tool = {};  // what was used: whoever asks again must be allowed to still
};
using EndingRef = std::shared_ptr<Ending const>;

class IdempotencyTable {
  struct Entry;

 public:
  // One who waits. Told once, on any thread, outside the lock: how it ended, or null to ask again.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    virtual void told(EndingRef ending) = 0;
  };

  // The right to execute. Dropped without a word, it is given back.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : table_(std::exchange(other.table_, nullptr)), entry_(other.entry_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() { give_back(); }
    void settle(EndingRef ending, base::TimePoint now) {
      if (auto* const table = std::exchange(table_, nullptr)) table->settle(*entry_, std::move(ending), now);
    }
    void give_back() {
      if (auto* const table = std::exchange(table_, nullptr)) table->forget(*entry_);
    }

   private:
    friend class IdempotencyTable;
    Turn(IdempotencyTable& table, Entry& entry) noexcept : table_(&table), entry_(&entry) {}
    IdempotencyTable* table_ = nullptr;
    Entry* entry_ = nullptr;
  };

  enum class Way { execute, wait, replay, mismatch, full };
  struct Entered {
    Way way;
    Turn turn;         // execute
    EndingRef ending;  // replay
  };

  // `seed` is random. `metrics` counts what becomes of calls.
  IdempotencyTable(IdempotencyOptions const& options, std::uint64_t seed,
                   observe::GatewayMetrics const& metrics);
  ~IdempotencyTable();
  IdempotencyTable(IdempotencyTable const&) = delete;
  IdempotencyTable& operator=(IdempotencyTable const&) = delete;

  // `waiter` is kept only where the way is to wait, and until leave() or the end.
  Entered enter(std::string_view principal, std::string_view key, std::uint64_t fingerprint,
                std::shared_ptr<Waiter> waiter, base::TimePoint now);
  void leave(std::string_view principal, std::string_view key, Waiter const& waiter);

  // Forgets up to `batch_max` endings whose time is over; a full batch means that there may be more.
  std::size_t expire(base::TimePoint now, std::size_t batch_max);

  std::uint64_t seed() const noexcept { return seed_; }
  std::size_t size() const;
  std::size_t bytes() const;

 private:
  struct AgeHook : base::ListHook {};
  struct OwnAgeHook : base::ListHook {};
  struct Owner;
  using Dead = std::vector<std::unique_ptr<Entry>>;
  using Waiters = std::vector<std::shared_ptr<Waiter>>;
  struct KeyHash {
    std::uint64_t seed = 0;
    std::size_t operator()(std::string_view key) const noexcept;
  };

  static std::string name_of(std::string_view principal, std::string_view key);
  Owner& owner_of(std::string_view principal);
  std::unique_ptr<Entry> take(Entry& entry);
  bool make_room(Owner& owner, Dead& dead);
  void settle(Entry& entry, EndingRef ending, base::TimePoint now);
  void forget(Entry& entry);
  void expire_some(base::TimePoint now, std::size_t batch_max, Dead& dead);
  std::size_t share_of(std::size_t all) const noexcept;

  IdempotencyOptions const options_;
  std::uint64_t const seed_;
  observe::CounterSet counted_;
  observe::Gauge entries_gauge_;
  mutable std::mutex lock_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>, KeyHash>
      entries_;  // keys view the entries' names
  std::unordered_map<std::string_view, std::unique_ptr<Owner>, KeyHash> owners_;
  base::IntrusiveList<AgeHook> ended_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace weir::limits
