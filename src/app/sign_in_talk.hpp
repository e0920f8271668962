// SignInTalk: what `weir server login` and `logout` ask of a server's issuer and keep on this machine.
//
// For one command, on its thread, with a loop of its own; each member waits for its end, within kAskMax, or
// kLifeMax of a sign-in for the person; kLeaseMax for a gateway that renews what is kept. A registration that
// is used again is doubted until its issuer has answered: whoever gives up meanwhile, because the browser
// shows that the issuer has forgotten it, gets another one the next time. Uses the trust of the server
// . Errors: as those of PersonSignIn; internal, what cannot be kept.
#pragma once

#include <memory>

#include "app/server_tokens.hpp"
#include "app/sign_ins.hpp"
#include "net/http_fetch.hpp"
#include "oauth/redirect_listener_io.hpp"

namespace weir::app {

class SignInTalk {
 public:
  static constexpr base::Duration kAskMax = std::chrono::seconds{30};
  static constexpr base::Duration kLeaseMax = std::chrono::seconds{35};  // TokenSourceOptions::ask_max, twice
  static constexpr base::Duration kDoubtMax = std::chrono::seconds{2};   // … only to note a doubt
  static constexpr base::Duration kRevokeMax = std::chrono::seconds{10};

  // `person`: as in oauth::KeptSignIn. Errors: config (certificates, the server's address).
  static base::Result<std::unique_ptr<SignInTalk>> open(config::Settings const& settings,
                                                        config::Server const& server, std::string person,
                                                        config::Environment const& environment);

  base::Clock const& clock() const noexcept { return clock_; }

  oauth::OAuthResult<oauth::SignIn*> begin(std::vector<std::string> more);
  bool reuses_client() const { return !person_->reused_client().empty(); }  // after begin()
  // For the browser to come back.
  oauth::OAuthResult<base::Secret> wait();
  oauth::OAuthResult<oauth::KeptSignIn> finish(base::Secret code);
  // The issuer has answered, with this error or without one (""): whether it knows the client.
  void heard(std::string const& error);
  // What it replaces is revoked, if that was another client's; so is what cannot be kept.
  base::Result<void> save(oauth::KeptSignIn kept);
  // Removes what is kept, whether it can be revoked or not. `had`: there was something, and it is gone.
  oauth::OAuthResult<void> forget(bool& had);

 private:
  SignInTalk(config::Server const& server, std::string person, config::Environment const& environment,
             net::TlsContext::Ptr trust);
  template <class T>
  oauth::OAuthResult<T> run(base::Task<oauth::OAuthResult<T>> work, base::Duration within);
  base::Result<void> open_way_back(std::optional<oauth::KeptSignIn> const& before);
  base::Result<std::optional<oauth::SignInStore::Lease>> hold(std::string_view person, base::Duration most);
  base::Result<std::optional<oauth::KeptSignIn>> replace(oauth::KeptSignIn const& kept);
  oauth::OAuthResult<void> revoke(oauth::KeptSignIn const& kept);
  void doubt_client(bool doubted);

  std::optional<oauth::KeptSignIn> kept_before() const;

  config::Server const& server_;
  std::string const whose_;  // as in oauth::KeptSignIn
  base::SystemClock clock_;
  base::SystemRandom random_;
  oauth::SignInStore store_;
  net::TlsContext::Ptr trust_;
  net::IoLoop loop_;
  net::NetDialer dialer_;
  net::NetFetcher fetcher_;
  std::unique_ptr<oauth::RedirectListener> way_back_;
  std::unique_ptr<oauth::PersonSignIn> person_;
  std::string registered_by_;  // whose sign-in brought the client that is used again
};

}  // namespace weir::app
