#include <condition_variable>
#include <thread>

#include "base/run_until.hpp"
#include "store/redis_home.hpp"

namespace weir::store {
namespace {

using base::Result;
using base::Task;

constexpr base::Duration kClosingMost =
    std::chrono::seconds{2};  // beyond the patience, for the home to answer

class Getting final : public base::Errand<std::optional<Found>> {
 public:
  Getting(base::Scheduler& here, std::shared_ptr<RedisHome> home, StoreKey key, base::TimePoint deadline)
      : Errand(here, home->place()), home_(std::move(home)), key_(std::move(key)), deadline_(deadline) {}

 private:
  Task<Result<std::optional<Found>>> perform() override { return home_->get(std::move(key_), deadline_); }
  std::shared_ptr<RedisHome> const home_;
  StoreKey key_;
  base::TimePoint const deadline_;
};

class Counting final : public base::Errand<std::uint64_t> {
 public:
  Counting(base::Scheduler& here, std::shared_ptr<RedisHome> home, Selection what, base::TimePoint deadline)
      : Errand(here, home->place()), home_(std::move(home)), what_(std::move(what)), deadline_(deadline) {}

 private:
  Task<Result<std::uint64_t>> perform() override { return home_->count(std::move(what_), deadline_); }
  std::shared_ptr<RedisHome> const home_;
  Selection what_;
  base::TimePoint const deadline_;
};

// What stop() waits for, on another thread than the home's.
struct Ending {
  std::mutex lock;
  std::condition_variable ended;
  bool over = false;

  void tell() {
    std::lock_guard const guard(lock);
    over = true;
    ended.notify_all();
  }
  bool wait(base::Duration most) {
    std::unique_lock guard(lock);
    return ended.wait_for(guard, most, [this] { return over; });
  }
};

Task<void> end(std::shared_ptr<RedisHome> home, std::shared_ptr<Ending> ending, base::TimePoint deadline) {
  co_await home->finish(deadline);
  home->place()->loop().post([home, ending] {  // not here: closing ends this task
    home->close();
    ending->tell();
  });
}

class RedisStore final : public Store {
 public:
  explicit RedisStore(std::shared_ptr<RedisHome> home) : home_(std::move(home)) {
    post([](RedisHome& it) { it.start(); });
  }
  ~RedisStore() override { stop(base::Duration::zero()); }

  std::uint64_t sequence() const noexcept override { return home_->marks().book().latest(); }

  Task<std::optional<Found>> get(base::Scheduler& here, StoreKey key) override {
    return get(here, home_, std::move(key));
  }
  Task<std::optional<std::uint64_t>> count(base::Scheduler& here, Selection what) override {
    return count(here, home_, std::move(what));
  }
  void put(StoreKey key, StoredAnswer answer) override {
    if (home_->put({std::move(key), std::move(answer)})) post([](RedisHome& it) { it.work_came(); });
  }
  void invalidate(Selection what, bool gone) override {
    home_->invalidate(std::move(what), gone);
    post([](RedisHome& it) { it.work_came(); });
  }
  StoreStatus status() const override { return home_->status(); }
  void set_limits(StoreLimits limits) override {
    home_->set_limits(std::move(limits));
    post([](RedisHome& it) { it.limits_changed(); });
  }
  void hear(StoreObserver* observer) override { home_->hear(observer); }
  void stop(base::Duration patience) override;

 private:
  template <class Work>
  void post(Work work) {
    home_->place()->loop().post([home = home_, work, thread = thread_] {
      *thread = std::this_thread::get_id();
      work(*home);
    });
  }
  static Task<std::optional<Found>> get(base::Scheduler& here, std::shared_ptr<RedisHome> home, StoreKey key);
  static Task<std::optional<std::uint64_t>> count(base::Scheduler& here, std::shared_ptr<RedisHome> home,
                                                  Selection what);

  std::shared_ptr<RedisHome> const home_;
  std::shared_ptr<std::atomic<std::thread::id>> const thread_ =
      std::make_shared<std::atomic<std::thread::id>>();  // the home's, once it has run
  bool stopped_ = false;
};

Task<std::optional<Found>> RedisStore::get(base::Scheduler& here, std::shared_ptr<RedisHome> home,
                                           StoreKey key) {
  std::optional<Found> found;
  if (home->serving()) {  // else it costs nothing
    auto const deadline = here.now() + home->times().get;
    bool const there = &here == &home->place()->loop();
    auto work = there ? home->get(std::move(key), deadline)
                      : base::run_errand<std::optional<Found>>(
                            std::make_shared<Getting>(here, home, std::move(key), deadline));
    auto const ended = co_await base::run_until(here, work, deadline);
    if (ended == base::Ended::done) {
      if (auto got = work.take()) found = std::move(*got);
    }
  }
  ++(found ? home->counted().hits : home->counted().misses);
  co_return found;
}

Task<std::optional<std::uint64_t>> RedisStore::count(base::Scheduler& here, std::shared_ptr<RedisHome> home,
                                                     Selection what) {
  if (!home->serving()) co_return std::nullopt;
  auto const deadline = here.now() + home->times().count;
  bool const there = &here == &home->place()->loop();
  auto work = there ? home->count(std::move(what), deadline)
                    : base::run_errand<std::uint64_t>(
                          std::make_shared<Counting>(here, home, std::move(what), deadline));
  auto const ended = co_await base::run_until(here, work, deadline);
  if (ended != base::Ended::done) co_return std::nullopt;
  auto const counted = work.take();
  if (!counted) co_return std::nullopt;
  co_return *counted;
}

// On the home's thread nobody can be waited for. Elsewhere: a home that does not answer has ended.
void RedisStore::stop(base::Duration patience) {
  if (std::exchange(stopped_, true)) return;
  home_->hear(nullptr);
  if (thread_->load() == std::this_thread::get_id()) {
    home_->close();
    return;
  }
  auto const ending = std::make_shared<Ending>();
  auto& loop = home_->place()->loop();
  loop.post([home = home_, ending, patience] {
    if (!home->place()->open()) return ending->tell();
    home->place()->take_in(end(home, ending, home->place()->loop().now() + patience));
  });
  if (!ending->wait(patience + kClosingMost)) home_->close();
}

}  // namespace

std::unique_ptr<Store> open_redis(RedisOptions options, base::Scheduler& home, net::Dialer& dialer,
                                  base::Random& random, RedisLog log) {
  return std::make_unique<RedisStore>(
      std::make_shared<RedisHome>(std::move(options), home, dialer, random, std::move(log)));
}

}  // namespace weir::store
