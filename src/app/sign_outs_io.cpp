#include <algorithm>

#include "app/server_tokens.hpp"
#include "app/sign_outs.hpp"
#include "core/principal.hpp"
#include "net/http_fetch.hpp"

namespace weir::app {

namespace {

constexpr base::Duration kLook = std::chrono::milliseconds{50};

}  // namespace

std::size_t SignOuts::end(config::Settings const& settings, std::vector<std::string> const& issuers,
                          std::string const& subject, std::function<void()> const& removed) {
  std::size_t count = 0;
  for (auto const& server : settings.servers) {
    if (!server.oauth || !server.oauth->per_principal || server.urls.empty()) continue;
    for (auto& person : parts_.store.people(server.name)) {
      bool const theirs = std::any_of(issuers.begin(), issuers.end(), [&](auto const& issuer) {
        return core::is_id_of(person, issuer, subject);
      });
      if (!theirs || tasks_.size() >= kMost) continue;
      tasks_.spawn(end_one(server, std::move(person), removed));
      ++count;
    }
  }
  return count;
}

// Who renews it just now writes it once more: it is removed after that.
base::Task<void> SignOuts::end_one(config::Server server, std::string person, std::function<void()> removed) {
  auto const until = parts_.scheduler.now() + kLeaseMax;
  auto lease = parts_.store.try_lease(server.name, person);
  while (lease && !*lease && parts_.scheduler.now() < until) {
    co_await parts_.scheduler.sleep_for(kLook);
    lease = parts_.store.try_lease(server.name, person);
  }
  auto const kept = parts_.store.read(server.name, person);
  auto const gone = parts_.store.remove(server.name, person);
  if (!gone) {
    parts_.log.event(observe::Level::error, "oauth.sign_in", server.name + ": " + gone.error().detail);
    co_return;
  }
  if (lease) lease->reset();  // persons share them: nobody waits for the issuer
  removed();
  if (!kept || !*kept) co_return;
  bool const done = co_await revoke(server, **kept);
  parts_.revoked(done ? "done" : "failed");
  parts_.log.event(observe::Level::info, "oauth.sign_in",
                   server.name + (done ? ": the sign-in of a user who is gone is removed and revoked"
                                       : ": the sign-in of a user who is gone is removed, but not revoked"));
}

base::Task<bool> SignOuts::revoke(config::Server const& server, oauth::KeptSignIn const& kept) {
  auto const options = person_options(server, {}, parts_.random);
  auto const endpoint = net::parse_url(kept.revocation_endpoint);
  if (!options || !endpoint) co_return false;
  auto const own = parts_.own_dialer(server.name);
  net::NetFetcher fetcher(parts_.scheduler, own ? *own : parts_.dialer);
  auto const told = co_await oauth::revoke(
      {parts_.scheduler, fetcher, parts_.random}, kept, oauth::client_of(kept, options->client),
      revocation_guard(*options, *endpoint), parts_.scheduler.now() + kRevokeMax);
  co_return told.has_value();
}

}  // namespace weir::app
