// Redis as the second tier: what an operator may set, and the store itself.
//
// The store lives on one loop, its home, with the connections that it makes through `dialer`; every call of
// Store may come from any thread and hops there where it must. Home, dialer and random outlive the store.
// stop() is called from another thread while the home runs, or on the home's thread; called there it writes
// nothing more. Several nodes share a Redis, a prefix and a secret. Errors never leave: they are misses, and
// status() says the cause and its cure. What Redis may hold: redis_keys.hpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "net/dialer.hpp"
#include "store/store.hpp"
#include "store/store_secret.hpp"

namespace weir::store {

struct RedisTimes {
  base::Duration get = std::chrono::milliseconds{50};  // then it is a miss
  base::Duration write = std::chrono::seconds{2};      // for a record or an invalidation
  base::Duration connect = std::chrono::seconds{2};    // and again for the first words
  base::Duration stall = std::chrono::seconds{5};      // nothing answered for so long: a new connection
  base::Duration ping = std::chrono::seconds{10};      // between signs of life
  base::Duration count = std::chrono::seconds{2};      // for all steps of one count()
};

struct RedisOptions {
  explicit RedisOptions(StoreSecret shared) : secret(std::move(shared)) {}

  std::string host = "localhost";
  std::uint16_t port = 6379;
  bool tls = false;
  std::string username;  // "" is Redis's default user
  base::Secret password;
  unsigned database = 0;
  std::string prefix;  // before every key: lets several gateways share one database
  StoreLimits limits;
  StoreSecret secret;  // the same on every node
  RedisTimes times;
};

using RedisLog = std::function<void(std::string_view line)>;  // on the home's thread, on changes only

std::unique_ptr<Store> open_redis(RedisOptions options, base::Scheduler& home, net::Dialer& dialer,
                                  base::Random& random, RedisLog log);

}  // namespace weir::store
