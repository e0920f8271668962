// FetchLayer: fetches what the cache does not have, once for all who ask for it at the same time.
//
// One per server, at its home; one thread. A call with a CacheOrder joins the Flight of its key or begins
// one: the store is asked, then the server. The flight works on a copy of the call and belongs to this layer,
// so nobody's end but the last one's ends it. Each caller has its own time, from when it came. A flight that
// fails on the way to the server is nobody's answer but its beginner's: one of those who wait begins another,
// once (T-19). What cannot be shared (a question to the client, a task's handle) goes to the beginner; the
// others ask for themselves. A flight that began before an invalidation is joined by nobody who came after
// it. Limit: `waiters_max` for each key; one more is told `busy`. Calls without an order pass.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "cache/flight_io.hpp"
#include "cache/response_cache.hpp"

namespace weir::cache {

struct FetchOptions {
  base::Duration call = std::chrono::seconds{5};  // what a caller waits for another's fetch
  std::size_t waiters_max = 16'384;
};

class FetchLayer final : public core::Handler {
 public:
  // `cache` and `metrics` outlive the layer.
  FetchLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, base::Random& random,
             ResponseCache& cache, observe::ServerMetrics const& metrics, FetchOptions options)
      : inner_(std::move(inner)),
        scheduler_(scheduler),
        random_(random),
        cache_(cache),
        metrics_(metrics),
        options_(options),
        group_(scheduler) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  std::size_t in_flight() const noexcept { return flights_.size(); }

 private:
  using Answer = base::Result<core::Outcome>;
  using FlightRef = std::shared_ptr<Flight>;
  class Seat;
  struct KeyHash {
    std::size_t operator()(base::Digest const& key) const noexcept {
      return static_cast<std::size_t>(key.low);
    }
  };

  base::Task<Answer> fetch(core::Call& call, std::shared_ptr<CacheOrder const> order);
  base::Task<Answer> wait(core::Call& call, FlightRef flight, bool leads, base::TimePoint until);
  base::Task<void> fly(FlightRef flight);
  base::Task<void> work(FlightRef flight);
  base::Task<bool> ask_store(Flight& flight);
  void land(Flight& flight, base::Result<core::Outcome> outcome);
  void keep(Flight& flight, core::Outcome const& outcome, Lifetime const& lifetime, bool negative);
  FlightRef find(CacheOrder const& order);
  FlightRef begin(core::Call const& call, std::shared_ptr<CacheOrder const> order, unsigned attempt);
  void forget(FlightRef const& flight);
  std::optional<Answer> in_memory(core::Call& call, CacheOrder const& order);
  static void leave(core::Call const& call, Flight const& flight);
  Answer answer(core::Call& call, Flight& flight, bool leads);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  base::Random& random_;
  ResponseCache& cache_;
  observe::ServerMetrics const& metrics_;
  FetchOptions options_;
  std::unordered_map<base::Digest, FlightRef, KeyHash> flights_;
  base::TaskGroup group_;  // last: its tasks use the rest
};

}  // namespace weir::cache
