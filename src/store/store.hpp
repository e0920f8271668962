// Store: the second tier of the cache: answers that outlive the process, or that several nodes share.
//
// One per process, used by all workers; every function may be called from any thread. It is never in the way:
// get() answers within the store's own time, with nothing if need be, and put() never waits. A store that
// fails is a miss (F-38), says so in status(), and serving goes on. What it hands out is authentic: bytes
// that were changed, torn or written by somebody without the key are a miss and are counted (F-54).
// Invalidations are marks in the store's own sequence (mark_book.hpp) and outlive the process with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/scheduler.hpp"
#include "base/task.hpp"
#include "store/selection.hpp"

namespace weir::store {

struct StoreKey {
  Labels labels;
  base::Digest digest;

  std::string text() const;  // "mcp:{server}:{operation}:{hash}", percent-encoded; what people see
};

// An answer as it is kept. Times are counted from `fetched`, in wall time, because they outlive the process;
// a clock that was set back makes nothing younger than new.
struct StoredAnswer {
  std::string bytes;  // a JSON-RPC response; not empty
  base::WallTime fetched{};
  std::chrono::milliseconds fresh_for{};
  std::chrono::milliseconds kept_for{};  // after that it leaves the store by itself
  std::chrono::milliseconds cost{};      // what the fetch took
  std::uint64_t born = 0;                // the store's sequence() before the fetch began
  std::uint32_t meta_at = 0;             // place of the result's _meta in `bytes`; 0: it has none
  bool negative = false;                 // a remembered "not found"
  friend bool operator==(StoredAnswer const&, StoredAnswer const&) = default;
};

struct Found {
  StoredAnswer answer;
  bool outdated = false;  // invalidated since: good as a stale answer only
};

struct StoreLimits {
  std::uint64_t bytes_max = 100'000'000;
  std::map<std::string, std::uint64_t, std::less<>>
      entries_max;  // by server; others have no cap of their own
};

struct StoreStatus {
  std::string kind;  // "embedded", "redis"
  bool ready = false;
  std::string cause;    // one line: why it is not
  std::string warning;  // one line: it works, and will not for ever
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hits = 0, misses = 0;
  std::uint64_t writes = 0, writes_dropped = 0;  // dropped: the queue was full, or the store refused
  std::uint64_t failures = 0;                    // the store did not do what it was asked
  std::uint64_t rejected = 0;                    // what came back was not authentic
  std::uint64_t evictions = 0;                   // made room for others
  std::uint64_t rebuilt = 0;                     // started afresh because its files were not usable
};

// Told of what other nodes did. On any thread.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  virtual void invalidated(Selection const& what, bool gone) = 0;
  virtual void invalidations_missed() = 0;  // something may have been said that nobody heard
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::uint64_t sequence() const noexcept = 0;  // what a fetch that begins now is born with

  // Resumes on `here`, the loop of the thread that calls. Nothing: not there, over its time, thrown away, not
  // authentic, or the store was too slow. Dropping the task is fine.
  virtual base::Task<std::optional<Found>> get(base::Scheduler& here, StoreKey key) = 0;

  // Behind the caller's back, soon. A full queue drops its oldest and counts it.
  virtual void put(StoreKey key, StoredAnswer answer) = 0;

  // In effect here when this returns, for other nodes soon.
  virtual void invalidate(Selection what, bool gone) = 0;

  // How many entries that are not over are selected. Nothing: the store cannot say.
  virtual base::Task<std::optional<std::uint64_t>> count(base::Scheduler& here, Selection what) = 0;

  virtual StoreStatus status() const = 0;
  virtual void set_limits(StoreLimits limits) = 0;  // for a reload
  virtual void hear(StoreObserver* observer) = 0;   // null takes it back; outlives the store otherwise

  // Writes what is queued, for at most `patience` of real time, and ends. Idempotent. No calls afterwards.
  virtual void stop(base::Duration patience) = 0;
};

}  // namespace weir::store
