// RedirectListener: the way back of a sign-in: a listener on the loopback that waits for one answer.
//
// For one command, on its loop. Bound to 127.0.0.1 alone. Only GET of kPath with the Host of this listener is
// looked at, and only what SignIn takes as its own answer ends the wait; anything else gets a plain page and
// is forgotten: browsers ask for icons, and any page may send requests here. Nothing that came is ever shown.
// Limits: kRequestsMax requests, kConnectionsMax at a time; then, or at the deadline, the wait is over.
// Source: RFC 8252 7.3 and 8.3.
#pragma once

#include "base/task_group.hpp"
#include "net/http_server.hpp"
#include "net/io_loop.hpp"
#include "net/listener.hpp"
#include "oauth/sign_in.hpp"

namespace weir::oauth {

class RedirectListener final : private net::HttpHandler {
 public:
  static constexpr std::string_view kPath = "/callback";
  static constexpr std::size_t kRequestsMax = 64;
  static constexpr std::size_t kConnectionsMax = 16;

  // Port 0 takes a free one. Errors: busy, config, internal.
  static base::Result<std::unique_ptr<RedirectListener>> open(net::IoLoop& loop, std::uint16_t port);

  std::string redirect_uri() const;
  // Errors: those of SignIn::returned() that end an attempt; reauth, nothing came.
  base::Task<OAuthResult<base::Secret>> wait(SignIn& attempt, base::TimePoint deadline);

 private:
  RedirectListener(net::IoLoop& loop, std::unique_ptr<net::Listener> listener);
  base::Task<void> accept();
  base::Task<void> serve(net::HttpExchange& exchange) override;
  void refused(int, std::string_view) override { count(); }
  void answer(net::HttpExchange& exchange);
  void count();

  net::IoLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
  net::ServerOptions options_;
  SignIn* attempt_ = nullptr;  // while one is waited for
  std::optional<OAuthResult<base::Secret>> result_;
  base::Event over_;
  std::size_t requests_ = 0;
  bool stopping_ = false;
  base::TaskGroup tasks_;
};

}  // namespace weir::oauth
