// ParkedCalls: the calls of modern clients that wait at legacy servers for their clients' answers.
//
// One per process, any thread: which worker keeps which call, under a random key that is the client's
// requestState (P060). Bounded by a base::BoundedTable: entries_max, per_principal_max; a wrong principal
// sees an unknown key (P061). A key is good once. Who leaves the table otherwise (evicted for a newcomer) is
// told on its own worker. ParkingDesk: the calls of one worker themselves; its thread only, destroyed before
// its servers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bounded_table.hpp"
#include "base/random.hpp"
#include "base/task_group.hpp"

namespace weir::bridge {

class ParkedCall;

class ParkingDesk {
 public:
  explicit ParkingDesk(base::Scheduler& scheduler) : scheduler_(scheduler), tasks_(scheduler) {}
  ~ParkingDesk() { close(); }

  base::Scheduler& scheduler() noexcept { return scheduler_; }
  base::TaskGroup& tasks() noexcept { return tasks_; }
  void keep(std::string key, std::shared_ptr<ParkedCall> call) { calls_[std::move(key)] = std::move(call); }
  std::shared_ptr<ParkedCall> take(std::string const& key);  // null: gone
  std::size_t size() const noexcept { return calls_.size(); }
  void close() noexcept {  // every call that waits is cancelled
    tasks_.cancel();
    calls_.clear();
  }

 private:
  base::Scheduler& scheduler_;
  std::map<std::string, std::shared_ptr<ParkedCall>, std::less<>> calls_;
  base::TaskGroup tasks_;
};

class ParkedCalls {
 public:
  struct Ticket {
    ParkingDesk& desk;
    std::uint64_t request = 0;  // hash of method, target and arguments
  };

  // `random` may be used from every worker.
  ParkedCalls(base::TableOptions const& options, base::Random& random);
  ~ParkedCalls();

  // The key under which `ticket` was taken in; nothing: the principal has its share.
  std::optional<std::string> admit(Ticket ticket, std::string_view principal, base::TimePoint now);

  // The desk of that call, once: then the key is unknown. Null: unknown, or it belongs to another principal
  // or request.
  ParkingDesk* redeem(std::string const& key, std::uint64_t request, std::string_view principal,
                      base::TimePoint now);

  void forget(std::string const& key, std::string_view principal, base::TimePoint now);
  std::size_t size() const noexcept { return table_.size(); }
  std::uint64_t seed() const noexcept { return seed_; }  // for the hashes

 private:
  using Table = base::BoundedTable<std::string, Ticket>;
  base::Random& random_;
  std::uint64_t const seed_;
  Table table_;
};

}  // namespace weir::bridge
