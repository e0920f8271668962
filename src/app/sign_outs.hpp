// SignOuts: ends the sign-ins of a user who is gone, at all servers where callers have sign-ins of their own.
//
// Main thread; owned by the gateway. end() says how many there are; each is then removed, as soon as nobody
// renews it, and revoked at its issuer (RFC 7009): once, without a promise, and told in the log. Limits:
// kMost under way; kLeaseMax for who renews it, kRevokeMax for the issuer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "config/settings.hpp"
#include "net/dialer.hpp"
#include "oauth/sign_in_store.hpp"
#include "observe/log.hpp"

namespace weir::app {

class SignOuts {
 public:
  static constexpr std::size_t kMost = 1000;
  static constexpr base::Duration kLeaseMax = std::chrono::seconds{30};
  static constexpr base::Duration kRevokeMax = std::chrono::seconds{5};

  struct Parts {
    base::Scheduler& scheduler;
    net::Dialer& dialer;
    base::Random& random;
    oauth::SignInStore const& store;
    observe::Log& log;
    // Of a server that has a trust of its own; else null.
    std::function<std::shared_ptr<net::Dialer>(std::string const& server)> own_dialer;
    std::function<void(std::string_view result)> revoked;  // "done", "failed"
  };
  explicit SignOuts(Parts parts) : parts_(std::move(parts)), tasks_(parts_.scheduler) {}

  // `removed` is called when one is gone from the store.
  std::size_t end(config::Settings const& settings, std::vector<std::string> const& issuers,
                  std::string const& subject, std::function<void()> const& removed);

 private:
  base::Task<void> end_one(config::Server server, std::string person, std::function<void()> removed);
  base::Task<bool> revoke(config::Server const& server, oauth::KeptSignIn const& kept);

  Parts parts_;
  base::TaskGroup tasks_;
};

}  // namespace weir::app
