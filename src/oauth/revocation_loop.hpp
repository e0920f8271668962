// RevocationLoop: asks an issuer to forget tokens that nobody is to use any more (RFC 7009).
//
// One per server, on its worker. Best effort: each token is told of once, kAtOnce at a time, kEachMax for
// one; what waits longer than kWaitMax is let go, as is what comes while kWaitingMax wait. Nothing is taken
// before an address is known, nor after the end. inbox() may be used from any thread and may outlive this;
// what it holds is wiped with its last user. The report says what came of each: "done", "failed", "overflow".
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/task_group.hpp"
#include "oauth/token_cache.hpp"
#include "oauth/token_endpoint_io.hpp"

namespace weir::oauth {

class RevocationLoop {
 public:
  static constexpr std::size_t kWaitingMax = 1000;
  static constexpr std::size_t kAtOnce = 4;
  static constexpr base::Duration kEachMax = std::chrono::seconds{5};
  static constexpr base::Duration kWaitMax = std::chrono::seconds{60};

  struct Place {
    net::Url endpoint;
    std::string issuer;
    std::shared_ptr<net::EgressGuard const> guard;
    std::function<ClientIdentity()> client;  // asked for each time: its secret may be another one by then
  };
  using Report = std::function<void(std::string_view result)>;

  RevocationLoop(base::Scheduler& scheduler, TokenEndpoint& endpoint, Report report);
  ~RevocationLoop();
  RevocationLoop(RevocationLoop const&) = delete;
  RevocationLoop& operator=(RevocationLoop const&) = delete;

  void announce(Place place);  // where to ask, from now on
  std::shared_ptr<TokenReturns> inbox() const noexcept;

 private:
  class Inbox;
  void look();
  base::Task<void> work();
  base::Task<void> revoke(TokenRef token);

  base::Scheduler& scheduler_;
  TokenEndpoint& endpoint_;
  Report report_;
  std::optional<Place> place_;
  std::shared_ptr<Inbox> inbox_;
  base::TaskGroup working_;
};

}  // namespace weir::oauth
