// WatchLayer: takes the subscriptions to one server's resources out of the stream of calls.
//
// One per server, where it lives, outermost; one thread. resources/subscribe and /unsubscribe are a legacy
// session's: what it watches is told to its inbox, until it unsubscribes or ends (session_ended). The call
// lasts until the server has answered. subscriptions/listen with resourceSubscriptions is the router's, for
// modern clients: a call whose notifications are the updates, until it is dropped, and an acknowledgement
// once the server watches, refuses or cannot be asked for every one of them. Limits: the session's own, and
// `places` for all sessions of the process, else -32603. Whatever ends a watch gives its places back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/gate.hpp"
#include "watch/upkeep_loop.hpp"

namespace weir::watch {

class WatchLayer final : public core::Handler {
 public:
  // `also` is told what the server says of its resources before any reader is; may be null.
  WatchLayer(std::shared_ptr<core::Handler> inner, std::shared_ptr<core::Backend> backend,
             base::Scheduler& scheduler, base::Random& random, base::Gate& places,
             WatchOptions const& options, std::shared_ptr<core::ResourceObserver> also = nullptr);

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  void session_ended(std::string_view session_id);
  void stop() noexcept { upkeep_.stop(); }  // before the backend is closed

 private:
  using Answer = base::Result<core::Outcome>;
  class Claim;
  struct Pending;
  base::Task<Answer> subscribe(core::Call& call);
  base::Task<Answer> unsubscribe(core::Call& call);
  base::Task<Answer> follow(core::Call& call);
  base::Task<void> settle(std::vector<std::string> uris, std::shared_ptr<Pending> pending);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  base::Gate& places_;
  std::uint64_t next_reader_ = 0;
  WatchBook book_;
  Upkeep upkeep_;
};

}  // namespace weir::watch
