// ResponseCache: what the process keeps of its servers' answers: the first tier, the way to the second, and
// what has been invalidated.
//
// One per process, shared by the layers of all workers; any thread. It keeps and finds; whether and for how
// long is decided by CachePolicy and freshness.hpp, who fetches by FetchLayer. A copy that was invalidated
// since its fetch began is never fresh (F-35); one that was thrown away is not there. Invalidations reach
// both tiers and, through the store, other nodes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "cache/answer_key.hpp"
#include "cache/cache_order.hpp"
#include "cache/freshness.hpp"
#include "cache/memory_cache.hpp"
#include "core/backend.hpp"
#include "observe/metrics.hpp"
#include "store/mark_book.hpp"
#include "store/store.hpp"

namespace weir::cache {

struct ResponseCacheOptions {
  bool memory = true;                                     // use the first tier
  base::Duration memory_ttl = std::chrono::seconds{300};  // longest stay in it
  MemoryCacheOptions table;
};

// Where an invalidation came from: a label.
enum class Cause { update, notify, cron, manual, remote };

// A copy and what is known of it.
struct Copy {
  KeptAnswer answer;
  AnswerFacts facts;
  bool outdated = false;       // invalidated: good only where nothing else can be had
  bool due = false;            // somebody wants it renewed
  bool for_everybody = false;  // not a private one
};

class ResponseCache;

// Hears what one server says of its resources and invalidates the copies of those.
class ResourceEar final : public core::ResourceObserver {
 public:
  ResourceEar(ResponseCache& cache, std::string server) : cache_(cache), server_(std::move(server)) {}
  void resource_updated(std::string_view uri) override;
  void resources_missed() override;

 private:
  ResponseCache& cache_;
  std::string const server_;
};

class ResponseCache final : public store::StoreObserver {
 public:
  // `store` may be null; both it and `metrics` outlive the cache.
  ResponseCache(ResponseCacheOptions const& options, std::shared_ptr<AnswerKeys const> keys,
                base::Clock const& clock, std::uint64_t seed, store::Store* store, observe::Metrics& metrics);
  ~ResponseCache() override;

  std::shared_ptr<AnswerKeys const> const& keys() const noexcept { return keys_; }
  store::Store* store() const noexcept { return store_; }

  // The first tier's copy, the caller's own before everybody's.
  std::optional<Copy> look(CacheOrder const& order, base::TimePoint now);
  // The number that a fetch which begins now is born with.
  std::uint64_t latest() const noexcept { return marks_.latest(); }
  // Whether a fetch of that number may still be shared with a call that comes now.
  bool current(CacheOrder const& order, std::uint64_t born) const {
    return marks_.judge(order.labels, born) == store::Verdict::current;
  }
  // Whether everything of that kind that was born then or before has been purged since.
  bool gone(CacheOrder const& order, bool for_everybody, std::uint64_t born) const {
    return marks_.judge(order.labels_of(for_everybody), born) == store::Verdict::gone;
  }
  void keep(CacheOrder const& order, KeptAnswer const& answer, bool for_everybody, base::TimePoint now);

  // Effective when this returns, whatever the number of entries.
  void invalidate(store::Selection const& what, bool gone, Cause cause);

  // What is selected counts as due: the next to use it has it renewed in the background. Memory only.
  void renew_soon(store::Selection const& what) {
    renewals_.put({what, marks_.latest() + 1, false});  // first, so that nobody passes between the two
    marks_.advance();
  }

  // What store tells of other nodes.
  void invalidated(store::Selection const& what, bool gone) override;
  void invalidations_missed() override;

  void set_options(ResponseCacheOptions const& options);                  // for a reload
  void set_server_max(std::string_view server, std::size_t entries_max);  // 0: no cap of its own
  std::size_t expire(base::TimePoint now, std::size_t budget) { return table_.expire(now, budget); }

  MemoryCache const& table() const noexcept { return table_; }
  std::uint64_t in_memory(store::Selection const& what) const;  // entries that are selected

 private:
  void mark(store::Selection const& what, bool gone, Cause cause);
  std::optional<Copy> copy_of(base::Digest const& key, CacheOrder const& order, bool for_everybody,
                              base::TimePoint now);

  std::shared_ptr<AnswerKeys const> const keys_;
  base::Clock const& clock_;
  store::Store* const store_;
  observe::Metrics& metrics_;
  MemoryCache table_;
  store::MarkBook marks_;
  store::MarkBook renewals_;  // with the numbers of marks_
  std::atomic<bool> memory_;
  std::atomic<base::Duration> memory_ttl_;
};

}  // namespace weir::cache
