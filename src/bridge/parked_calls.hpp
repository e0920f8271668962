// ParkedCalls: the calls of modern clients that wait at legacy servers for their clients' answers.
//
// One per process, any thread: which worker keeps which call, under a random key, good once, that stands in
// the client's requestState (state_seal.hpp). Bounded: entries_max in all, where the oldest makes room and is
// told on its own worker; at one server per_server_max, and per_principal_max of one principal, where
// newcomers are refused. Each holds a connection to its server, of which a worker has
// net::ClientOptions::in_use_max: whoever does not come back with answers must not take them all.
// ParkingDesk: the calls of one worker themselves; its thread only, closed before its servers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/bounded_table.hpp"
#include "base/errand.hpp"
#include "base/gate.hpp"
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
  static constexpr unsigned kPerServerMax = 256;
  static constexpr unsigned kPerPrincipalMax = 32;

  // `random` may be used from every worker. `options.per_principal_max`: at each server.
  ParkedCalls(base::TableOptions const& options, base::Random& random,
              unsigned per_server_max = kPerServerMax);
  ~ParkedCalls();

  StateSealer const& sealer() const noexcept { return sealer_; }

  // The key under which a call of `principal` at `server` is to be kept at `desk`; nothing: as many wait
  // there as may, or as many of the principal's.
  std::optional<std::string> admit(ParkingDesk& desk, std::string_view server, std::string_view principal,
                                   base::TimePoint now);

  // The desk of that call, once: then the key is unknown. Null: unknown, or it belongs to another principal.
  ParkingDesk* redeem(std::string const& key, std::string_view principal, base::TimePoint now);

  void forget(std::string const& key, std::string_view principal, base::TimePoint now);
  std::size_t size() const noexcept { return table_.size(); }

 private:
  struct Ticket {
    ParkingDesk& desk;
    base::Gate::Pass place;  // at the server
  };
  std::optional<base::Gate::Pass> place_at(std::string_view server, std::string_view principal);

  using Table = base::BoundedTable<std::string, Ticket>;
  base::Random& random_;
  StateSealer const sealer_;
  unsigned const per_server_max_;
  unsigned const per_principal_max_;
  std::mutex mutex_;
  static constexpr std::size_t kServersKept = 1024;         // beyond that, only those where somebody waits
  std::map<std::string, base::Gate, std::less<>> servers_;  // by name
  Table table_;
};

}  // namespace weir::bridge
