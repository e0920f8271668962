// ParkedCalls: the calls of modern clients that wait at legacy servers for their clients' answers.
//
// One per process, any thread: which worker keeps which call, under a random key, good once, that stands in
// the client's requestState (state_seal.hpp). Bounded by a base::BoundedTable: entries_max,
// per_principal_max. Who leaves the table otherwise (evicted for a newcomer) is told on its own worker.
// ParkingDesk: the calls of one worker themselves; its thread only, closed before its servers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bounded_table.hpp"
#include "base/errand.hpp"
#include "base/random.hpp"
#include "bridge/state_seal.hpp"

namespace weir::bridge {

class ParkedCall;

class ParkingDesk {
 public:
  explicit ParkingDesk(base::Scheduler& scheduler) : place_(std::make_shared<base::Workplace>(scheduler)) {}
  ~ParkingDesk() { close(); }

  // Where retries go on with their call. Any thread.
  std::shared_ptr<base::Workplace> const& place() const noexcept { return place_; }
  base::Scheduler& scheduler() noexcept { return place_->loop(); }
  void keep(std::string key, std::shared_ptr<ParkedCall> call) { calls_[std::move(key)] = std::move(call); }
  std::shared_ptr<ParkedCall> take(std::string const& key);  // null: gone
  std::size_t size() const noexcept { return calls_.size(); }

  // No call is to wait here any more: those that do are cancelled; a retry in progress may end.
  void stop() noexcept {
    open_ = false;
    calls_.clear();
  }
  bool open() const noexcept { return open_; }
  void close() noexcept {  // retries in progress are told that they cannot go on
    stop();
    place_->close();
  }

 private:
  std::shared_ptr<base::Workplace> const place_;
  std::map<std::string, std::shared_ptr<ParkedCall>, std::less<>> calls_;
  bool open_ = true;
};

class ParkedCalls {
 public:
  // `random` may be used from every worker.
  ParkedCalls(base::TableOptions const& options, base::Random& random);
  ~ParkedCalls();

  StateSealer const& sealer() const noexcept { return sealer_; }

  // The key under which a call of `principal` is to be kept at `desk`; nothing: the principal has its share.
  std::optional<std::string> admit(ParkingDesk& desk, std::string_view principal, base::TimePoint now);

  // The desk of that call, once: then the key is unknown. Null: unknown, or it belongs to another principal.
  ParkingDesk* redeem(std::string const& key, std::string_view principal, base::TimePoint now);

  void forget(std::string const& key, std::string_view principal, base::TimePoint now);
  std::size_t size() const noexcept { return table_.size(); }

 private:
  struct Ticket {
    ParkingDesk& desk;
  };
  using Table = base::BoundedTable<std::string, Ticket>;
  base::Random& random_;
  StateSealer const sealer_;
  Table table_;
};

}  // namespace weir::bridge
