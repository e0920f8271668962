// RedisNode: a store over a real Redis as one node of several has it: its home on a thread of its own.
//
// Calls come from the test's thread, which is not the home, and wait for real. One test thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/task_group.hpp"
#include "net/io_loop.hpp"
#include "redis/redis_process.hpp"
#include "store/redis.hpp"

namespace weir::test {

class RedisNode : public store::StoreObserver {
 public:
  static store::RedisOptions options(RedisProcess const& redis);

  explicit RedisNode(store::RedisOptions options, std::shared_ptr<net::TlsContext const> tls = nullptr);
  ~RedisNode() override;

  store::Store& store() noexcept { return *store_; }
  std::optional<store::Found> get(store::StoreKey const& key);
  std::optional<std::uint64_t> count(store::Selection const& what);
  base::Duration took() const noexcept { return took_; }  // the last get()

  // Until it holds, or the test has hung for long.
  template <class Condition>
  static bool until(Condition holds) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    return true;
  }
  bool ready() {
    return until([this] { return store_->status().ready; });
  }
  bool written(std::uint64_t writes) {  // or dropped
    return until([&] {
      auto const status = store_->status();
      return status.writes + status.writes_dropped >= writes;
    });
  }
  std::vector<std::string> heard() const;  // of other nodes: selections, and "missed"
  std::string log() const;

 private:
  void invalidated(store::Selection const& what, bool gone) override;
  void invalidations_missed() override;

  base::SystemClock clock_;
  base::SystemRandom random_;
  net::IoLoop home_{clock_};
  net::IoLoop here_{clock_};
  std::shared_ptr<net::TlsContext const> tls_;
  net::NetDialer dialer_;
  std::unique_ptr<store::Store> store_;
  std::thread thread_;
  base::Duration took_{};
  mutable std::mutex lock_;
  std::vector<std::string> heard_;
  std::string log_;
};

store::StoreKey key_of(std::string server, std::string operation, std::uint64_t number,
                       std::string target = "", std::string who = "");
store::StoredAnswer answer_of(std::string bytes, std::uint64_t born);

}  // namespace weir::test
