#include "app/sign_in_talk.hpp"

#include "app/state_folder.hpp"
#include "app/tls_files.hpp"
#include "base/run_until.hpp"
#include "oauth/error_table.hpp"

namespace weir::app {

using base::Result;
using oauth::OAuthResult;

namespace {

constexpr base::Duration kLeasePause = std::chrono::milliseconds{25};  // gateways look every 50 ms

template <class T>
base::Task<void> keep(net::IoLoop& loop, base::Task<OAuthResult<T>> work, base::TimePoint until,
                      std::optional<OAuthResult<T>>& out) {
  auto const ended = co_await base::run_until(loop, work, until);
  if (ended == base::Ended::done) out = work.take();
  loop.stop();
}

base::Task<OAuthResult<void>> pause(net::IoLoop& loop) {
  co_await loop.sleep_for(kLeasePause);
  co_return OAuthResult<void>();
}

// The trust of the server, which holds for its issuer too; else that of the system.
Result<net::TlsContext::Ptr> trust_of(config::Settings const& settings, config::Server const& server,
                                      config::Environment const& environment) {
  auto system = net::TlsContext::system();
  auto const own = settings.server_tls.find(server.name);
  if (own == settings.server_tls.end()) {
    // Without any authority an issuer over http on this machine can still be asked.
    return system ? std::move(*system) : net::TlsContext::Ptr();
  }
  auto const files = files_of(server.name, own->second);
  auto const reading = read_tls(files, environment, base::SystemClock{}.wall());
  if (reading.trouble) {
    return base::Error(base::Fault::config, base::Blame::gateway,
                       told(*reading.trouble, files.place, settings));
  }
  return net::TlsContext::client(reading.profile, system ? system->get() : nullptr);
}

}  // namespace

SignInTalk::SignInTalk(config::Server const& server, std::string person,
                       config::Environment const& environment, net::TlsContext::Ptr trust)
    : server_(server),
      whose_(std::move(person)),
      store_(sign_ins_folder(environment)),
      trust_(std::move(trust)),
      loop_(clock_),
      dialer_(loop_, trust_.get()),
      fetcher_(loop_, dialer_) {}

Result<std::unique_ptr<SignInTalk>> SignInTalk::open(config::Settings const& settings,
                                                     config::Server const& server, std::string person,
                                                     config::Environment const& environment) {
  auto trust = trust_of(settings, server, environment);
  if (!trust) return trust.error();
  return std::unique_ptr<SignInTalk>(
      new SignInTalk(server, std::move(person), environment, std::move(*trust)));
}

template <class T>
OAuthResult<T> SignInTalk::run(base::Task<OAuthResult<T>> work, base::Duration within) {
  std::optional<OAuthResult<T>> out;
  {
    base::TaskGroup asking(loop_);
    loop_.post([&] { asking.spawn(keep(loop_, std::move(work), loop_.now() + within, out)); });
    loop_.run();
  }
  if (out) return std::move(*out);
  return oauth::misfit(oauth::Cause::transient, 0, "no answer in time");
}

// A registered client comes back where it said it would, if that port is free; else it is registered anew.
Result<void> SignInTalk::open_way_back(std::optional<oauth::KeptSignIn> const& before) {
  auto const configured = static_cast<std::uint16_t>(server_.oauth->redirect_port);
  auto const kept =
      before && before->registered ? net::parse_url(before->redirect_uri) : Result<net::Url>(base::Error());
  auto opened = oauth::RedirectListener::open(loop_, configured == 0 && kept ? kept->port : configured);
  if (!opened && configured == 0) opened = oauth::RedirectListener::open(loop_, 0);
  if (!opened) return opened.error();
  way_back_ = std::move(*opened);
  return {};
}

// What cannot be read is replaced. Who signs in for the first time may be the client that the gateway is.
std::optional<oauth::KeptSignIn> SignInTalk::kept_before() const {
  auto kept = store_.read(server_.name, whose_);
  if (whose_.empty() || !kept || *kept) return kept ? std::move(*kept) : std::nullopt;
  kept = store_.read(server_.name);
  if (!kept || !*kept) return std::nullopt;
  (*kept)->scopes.clear();
  return std::move(*kept);
}

OAuthResult<oauth::SignIn*> SignInTalk::begin(std::vector<std::string> more) {
  auto before = kept_before();
  auto options = person_options(server_, std::move(more), random_);
  if (!options) return oauth::failure_of(options.error());
  if (auto opened = open_way_back(before); !opened) {
    return oauth::misfit(oauth::Cause::config, 0,
                         "the way back cannot be opened on 127.0.0.1: " + opened.error().detail);
  }
  person_ = std::make_unique<oauth::PersonSignIn>(oauth::PersonSignIn::Parts{loop_, fetcher_, random_},
                                                  std::move(*options));
  registered_by_ = before ? before->person : std::string();
  auto begun =
      run(person_->begin(way_back_->redirect_uri(), std::move(before), clock_.now() + kAskMax), kAskMax);
  if (!begun) return begun.error();
  doubt_client(true);
  return &person_->attempt();
}

void SignInTalk::heard(std::string const& error) {
  doubt_client(error == "invalid_client" || error == "unauthorized_client");
}

// Best effort: the sign-in goes on without it.
void SignInTalk::doubt_client(bool doubted) {
  if (!reuses_client()) return;
  auto const lease = hold(registered_by_, kDoubtMax);
  if (!lease) return;
  auto kept = store_.read(server_.name, registered_by_);
  bool const there = kept && *kept && (*kept)->client_id == person_->reused_client();
  if (!there || (*kept)->client_doubted == doubted) return;
  (*kept)->client_doubted = doubted;
  static_cast<void>(store_.write(server_.name, **kept));
}

OAuthResult<base::Secret> SignInTalk::wait() {
  auto const most = oauth::SignIn::kLifeMax;
  return run(way_back_->wait(person_->attempt(), clock_.now() + most), most + std::chrono::seconds{1});
}

OAuthResult<oauth::KeptSignIn> SignInTalk::finish(base::Secret code) {
  return run(person_->finish(std::move(code), clock_.now() + kAskMax), kAskMax);
}

Result<std::optional<oauth::SignInStore::Lease>> SignInTalk::hold(std::string_view person,
                                                                  base::Duration most) {
  for (auto const until = clock_.now() + most; clock_.now() < until;) {
    auto lease = store_.try_lease(server_.name, person);
    if (!lease || *lease) return lease;
    static_cast<void>(run(pause(loop_), std::chrono::seconds{1}));
  }
  return base::Error(base::Fault::busy, base::Blame::gateway, "a gateway renews the sign-in and does not end")
      .advise("try again");
}

// Gives what was there before.
Result<std::optional<oauth::KeptSignIn>> SignInTalk::replace(oauth::KeptSignIn const& kept) {
  auto const lease = hold({}, kLeaseMax);  // also for a person's: so that no two see the last place free
  if (!lease) return lease.error();
  auto const own = whose_.empty() ? Result<std::optional<oauth::SignInStore::Lease>>(std::nullopt)
                                  : hold(whose_, kLeaseMax);
  if (!own) return own.error();
  auto before = store_.read(server_.name, whose_);
  if (auto written = store_.write(server_.name, kept); !written) return written.error();
  if (!before) return std::optional<oauth::KeptSignIn>();  // what cannot be read cannot be revoked
  return before;
}

Result<void> SignInTalk::save(oauth::KeptSignIn kept) {
  kept.person = whose_;
  auto const before = replace(kept);
  if (!before) {
    bool const revoked = !kept.revocation_endpoint.empty() && revoke(kept);
    auto error = before.error();
    error.hint += std::string(error.hint.empty() ? "" : "; ") +
                  (revoked ? "what the issuer gave is revoked"
                           : "what the issuer gave is not revoked: end it there, or let it end by itself");
    return error;
  }
  // Only as another client: issuers may take the end of one token for that of all that a user has given a
  // client (RFC 7009 2.1), which would end the new sign-in too.
  bool const other_client = *before && (*before)->registered &&
                            ((*before)->client_id != kept.client_id || (*before)->issuer != kept.issuer);
  if (other_client) static_cast<void>(revoke(**before));
  return {};
}

// Not under the lease: gateways renew meanwhile.
OAuthResult<void> SignInTalk::revoke(oauth::KeptSignIn const& kept) {
  auto const options = person_options(server_, {}, random_);
  auto const endpoint = net::parse_url(kept.revocation_endpoint);
  if (!options || !endpoint) return {};
  auto const client = oauth::client_of(kept, kept.registered ? oauth::ClientIdentity() : options->client);
  return run(oauth::revoke({loop_, fetcher_, random_}, kept, client, revocation_guard(*options, *endpoint),
                           clock_.now() + kRevokeMax),
             kRevokeMax);
}

OAuthResult<void> SignInTalk::forget(bool& had) {
  auto lease = hold(whose_, kLeaseMax);
  if (!lease) return oauth::misfit(oauth::Cause::config, 0, lease.error().detail);
  auto const kept = store_.read(server_.name, whose_);
  bool const there = !kept || *kept;
  if (auto removed = store_.remove(server_.name, whose_); !removed) {
    return oauth::misfit(oauth::Cause::config, 0, removed.error().detail);
  }
  lease->reset();
  had = there;
  if (!kept) return oauth::misfit(oauth::Cause::config, 0, kept.error().detail);
  return *kept ? revoke(**kept) : OAuthResult<void>();
}

}  // namespace weir::app
