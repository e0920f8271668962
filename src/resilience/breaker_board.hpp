// BreakerBoard: where the breakers of each server are found by whoever shows all of them.
//
// One per process; any thread. A server's home puts them there when it builds the server; those of a server
// that was built anew take the place of the ones before, and the board keeps none of them alive.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "resilience/server_breakers.hpp"

namespace weir::resilience {

class BreakerBoard {
 public:
  void put(std::shared_ptr<ServerBreakers const> const& breakers) {
    std::lock_guard<std::mutex> const guard(lock_);
    known_.insert_or_assign(breakers->server(), breakers);
  }

  // Closed, if nobody has put any there or they are gone.
  BreakerStanding standing(std::string_view server, base::TimePoint now) const {
    auto const breakers = find(server);
    return breakers ? breakers->standing(now) : BreakerStanding{};
  }

 private:
  std::shared_ptr<ServerBreakers const> find(std::string_view server) const {
    std::lock_guard<std::mutex> const guard(lock_);
    auto const found = known_.find(server);
    return found == known_.end() ? nullptr : found->second.lock();
  }

  mutable std::mutex lock_;
  std::map<std::string, std::weak_ptr<ServerBreakers const>, std::less<>> known_;
};

}  // namespace weir::resilience
