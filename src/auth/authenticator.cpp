#include "auth/authenticator.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "auth/bearer.hpp"
#include "auth/credential_form.hpp"

namespace weir::auth {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

bool names(std::vector<std::string> const& methods, std::string_view method) {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

Error refused(std::string why) { return {Fault::unauthenticated, Blame::client, std::move(why)}; }

// Its form is looked at last: a key may be any text, and whoever is let in should not pay for that.
Error not_taken(std::string_view authorization, std::string why) {
  if (authorization.empty() || is_credential(authorization)) return refused(std::move(why));
  return {Fault::invalid_input, Blame::client, "the Authorization header is malformed"};
}

}  // namespace

Authenticator::Authenticator(std::vector<std::string> const& methods, std::vector<config::ApiKey> const& keys,
                             TokenSources sources)
    : closed_(!methods.empty()),
      opens_with_keys_(names(methods, "keys")),
      opens_with_jwt_(names(methods, "jwt") && sources.issuer != nullptr && sources.keys != nullptr),
      opens_by_asking_(names(methods, "introspection") && sources.asking != nullptr),
      sources_(std::move(sources)),
      anonymous_(std::make_shared<core::Principal const>(core::Principal{"anonymous", "anonymous", {}})) {
  if (!opens_with_keys_) return;
  for (auto const& key : keys) {
    core::Principal principal{"key:" + key.name, "key", key.groups,
                              std::string(key.sha256.begin(), key.sha256.end())};
    principal.until = key.expires.value_or(base::WallTime::max());
    keys_.push_back(
        Key{key.sha256, principal.until, std::make_shared<core::Principal const>(std::move(principal))});
  }
}

std::shared_ptr<core::Principal const> Authenticator::find_key(std::string_view token,
                                                               base::WallTime wall) const {
  auto const digest = token_digest(token);
  Key const* match = nullptr;
  for (auto const& key : keys_) {  // all of them, so that time does not tell which one came close
    if (CRYPTO_memcmp(key.sha256.data(), digest.data(), digest.size()) == 0) match = &key;
  }
  return match == nullptr || wall >= match->expires ? nullptr : match->principal;
}

Authenticator::Who Authenticator::identify(std::string_view authorization, base::WallTime wall) const {
  if (!closed_) return anonymous_;
  auto const token = bearer_of(authorization);
  auto who = token.empty() ? nullptr : find_key(token, wall);
  if (who) return who;
  return refused(authorization.empty() ? "no credential" : "unknown or expired key");
}

bool Authenticator::still_admits(core::Principal const& who, Authenticator const& before) const {
  if (who.anonymous()) return !closed_;
  if (who.kind == "key") {
    return std::any_of(keys_.begin(), keys_.end(), [&](auto const& key) { return *key.principal == who; });
  }
  if (who.kind == "jwt") return opens_with_jwt_ && sources_.issuer == before.sources_.issuer;
  return opens_by_asking_ && sources_.asking == before.sources_.asking;
}

Authenticator::Who Authenticator::admitted(TokenCaller const& caller, std::string_view endpoint,
                                           std::vector<std::string> const& scopes) const {
  if (!caller.may_enter(endpoint)) return refused("token: audience");
  if (!has_all(caller.principal->scopes, scopes)) {
    return Error(Fault::denied, Blame::client, "the token lacks scopes that every caller must have");
  }
  return caller.principal;
}

std::optional<Authenticator::Who> Authenticator::identify_now(Shown shown, base::WallTime wall,
                                                              base::TimePoint now) const {
  return decide(shown, wall, now, nullptr);
}

std::optional<Authenticator::Who> Authenticator::decide(Shown shown, base::WallTime wall, base::TimePoint now,
                                                        Verdict const* late) const {
  if (!closed_) return Who(anonymous_);
  auto const token = bearer_of(shown.authorization);
  if (token.empty()) {
    bool const none = shown.authorization.empty();
    return Who(not_taken(shown.authorization, none ? "no credential" : "no bearer credential"));
  }
  if (opens_with_keys_) {
    if (auto who = find_key(token, wall)) return Who(std::move(who));
  }
  std::string why = "unknown or expired key";
  if (opens_with_jwt_) {
    auto const verdict = late != nullptr ? *late : sources_.issuer->judge(token, wall, now);
    if (verdict.kind == Verdict::Kind::wants_keys) return std::nullopt;
    if (verdict.kind == Verdict::Kind::caller) {
      return admitted(*verdict.caller, shown.endpoint, sources_.issuer->settings().scopes);
    }
    why = std::string("token: ") + jose::name_of(verdict.fault);
    // Another kind of token, or another issuer's, may be one that has to be asked about.
    bool const strange =
        verdict.fault == jose::TokenFault::malformed || verdict.fault == jose::TokenFault::issuer;
    if (!strange) return Who(refused(std::move(why)));
  }
  if (opens_by_asking_) {
    auto const known = sources_.asking->judge(token, wall, now);
    if (known && *known) return admitted(**known, shown.endpoint, sources_.asking->settings().scopes);
    if (!known && is_credential(shown.authorization)) return std::nullopt;
    why = "token: not active, or not for this gateway";
  }
  return Who(not_taken(shown.authorization, std::move(why)));
}

}  // namespace weir::auth
