// RedisHome: what of the Redis store lives on one loop: two connections, and the tasks that write and listen.
//
// Functions under "any thread" may be called from every one; the rest belongs to the home's thread. One
// connection carries commands; the other is subscribed to invalidations. While either is down, or the breaker
// is open, serving() is false and nobody asks. close() cancels all tasks; after it this is an empty shell
// that may die anywhere. Shared by the store and by questions on their way.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/errand.hpp"
#include "store/record.hpp"
#include "store/redis.hpp"
#include "store/redis_breaker.hpp"
#include "store/redis_client.hpp"
#include "store/redis_keys.hpp"
#include "store/redis_marks.hpp"
#include "store/redis_queue.hpp"
#include "store/redis_scripts.hpp"

namespace weir::store {

struct RedisCounters {
  std::atomic<std::uint64_t> entries{0}, bytes{0}, hits{0}, misses{0}, writes{0}, refused{0}, failures{0},
      rejected{0}, evictions{0}, rebuilt{0};
};

class RedisHome final : public RedisParty {
 public:
  RedisHome(RedisOptions options, base::Scheduler& loop, net::Dialer& dialer, base::Random& random,
            RedisLog log);

  // Any thread.
  std::shared_ptr<base::Workplace> const& place() const noexcept { return place_; }
  RedisTimes const& times() const noexcept { return options_.times; }
  RedisMarks const& marks() const noexcept { return marks_; }
  RedisCounters& counted() noexcept { return counted_; }
  bool serving() const noexcept { return serving_.load(std::memory_order_acquire); }
  bool put(QueuedPut put) { return queue_.push(std::move(put)); }  // true: post work_came()
  void invalidate(Selection what, bool gone) { marks_.invalidate(std::move(what), gone); }
  StoreStatus status() const;
  void set_limits(StoreLimits limits);
  void hear(StoreObserver* observer);

  // Home.
  void start();
  void close();
  void work_came();  // to write, or to tell others
  void limits_changed();
  base::Task<base::Result<std::optional<Found>>> get(StoreKey key, base::TimePoint deadline);
  base::Task<base::Result<std::uint64_t>> count(Selection what, base::TimePoint deadline);
  base::Task<void> finish(base::TimePoint deadline);  // until nothing is queued

 private:
  using Reply = base::Task<base::Result<RespValue>>;

  base::Task<base::Result<void>> greet(RedisClient& client) override;
  void connected(RedisClient& client) override;
  void answered(RedisClient& client) override;
  void late(RedisClient& client) override;
  void lost(RedisClient& client, std::string const& why) override;
  void heard(RedisClient& client, std::string message) override;

  base::Task<void> write_loop();
  base::Task<void> write(QueuedPut put);
  base::Task<void> mark_loop();
  base::Task<void> tend_loop();
  base::Task<void> probe();
  base::Task<void> sweep();
  base::Task<base::Result<void>> subscribe(RedisClient& client, base::TimePoint deadline);

  Reply ask(std::string command, base::TimePoint deadline);  // an error of Redis is an error
  Reply run(RedisScript const& script, std::vector<std::string> keys, std::vector<std::string> arguments,
            base::TimePoint deadline);
  std::optional<Found> judge(StoreKey const& key, RespValue const& reply);
  std::vector<std::string> mark_arguments();
  bool count_sums(RespValue const& reply);
  std::shared_ptr<StoreLimits const> limits() const;
  void fail(std::string cause);  // counts it and shows it
  void out_of_step();
  void update();  // serving_, and the log
  template <class Call>
  void tell(Call call);

  RedisOptions const options_;
  base::Scheduler& loop_;
  base::Random& random_;
  RedisLog const log_;
  std::shared_ptr<base::Workplace> const place_;
  RecordSealer const sealer_;
  RedisKeys const keys_;
  RedisMarks marks_;
  RedisQueue queue_;
  RedisCounters counted_;
  std::atomic<bool> serving_{false};

  mutable std::mutex words_lock_;  // cause_, warning_, limits_
  std::string cause_ = "not connected yet";
  std::string warning_;
  std::shared_ptr<StoreLimits const> limits_;
  std::mutex observer_lock_;
  StoreObserver* observer_ = nullptr;

  RedisBreaker breaker_;
  RedisClient commands_;
  RedisClient news_;
  base::Event writes_due_;
  base::Event marks_due_;
  base::Event tend_due_;
  base::Event commands_up_;
  base::TimePoint next_ping_{};
  bool sweep_due_ = false;
  bool writing_ = false;
  std::string logged_;
};

}  // namespace weir::store
