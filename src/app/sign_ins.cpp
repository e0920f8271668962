#include "app/sign_ins.hpp"

#include "oauth/metadata.hpp"
#include "oauth/proof_key.hpp"

namespace weir::app {

std::optional<oauth::SignInUse> sign_in_use(config::Server const& server) {
  bool const person = server.oauth && server.oauth->grant == config::OAuthGrant::authorization_code;
  if (!person || server.urls.empty()) return std::nullopt;
  auto const url = net::parse_url(server.urls.front());
  if (!url) return std::nullopt;  // which is told elsewhere
  oauth::SignInUse use{oauth::canonical_resource(*url), server.oauth->issuer, server.oauth->client.id,
                       server.oauth->dpop};
  if (server.oauth->dpop && !server.oauth->dpop_key.empty()) {
    base::SystemRandom random;
    auto const key = oauth::proof_key({server.oauth->dpop_key, server.oauth->dpop_algorithm}, random);
    if (key) use.bound_key = (*key)->thumbprint();  // what is wrong with it is told elsewhere
  }
  return use;
}

void SignIns::configure(config::Settings const& settings) {
  std::map<std::string, Kept, std::less<>> next;
  for (auto const& server : settings.servers) {
    auto use = sign_in_use(server);
    if (!use || server.disabled) continue;
    Kept kept{std::move(*use), server.oauth->per_principal, store_.stamp(server.name), {}};
    kept.now = read(server.name, kept);
    next.emplace(server.name, std::move(kept));
  }
  servers_ = std::move(next);
}

bool SignIns::look() {
  bool changed = false;
  for (auto& [name, kept] : servers_) {
    auto const stamp = store_.stamp(name);
    if (stamp == kept.stamp) continue;
    kept.stamp = stamp;  // taken before reading: what changes meanwhile is seen at the next look
    auto now = read(name, kept);
    if (now == kept.now) continue;
    kept.now = std::move(now);
    changed = true;
  }
  return changed;
}

SignedIn SignIns::of_server(std::string_view name) const {
  auto const found = servers_.find(name);
  return found == servers_.end() ? SignedIn{} : found->second.now;
}

SignedIn SignIns::read(std::string const& server, Kept const& of) const {
  auto const kept = store_.read(server);
  if (!kept) {
    auto const& error = kept.error();
    return {
        {},
        oauth::needs_sign_in(server, error.detail + (error.hint.empty() ? "" : "; " + error.hint)).detail};
  }
  if (!*kept && of.per_principal) return {};
  if (!*kept) return {{}, oauth::needs_sign_in(server, "").detail};
  auto const why = oauth::misfit_of(**kept, of.use);
  if (why.empty()) return {(*kept)->id, {}};
  // Callers with sign-ins of their own go on with the lists that there are: the server stays the same one.
  bool const for_lists = of.per_principal && (*kept)->ended();
  return {for_lists ? (*kept)->id : "", oauth::needs_sign_in(server, why).detail};
}

}  // namespace weir::app
