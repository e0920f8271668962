// The tokens of a person's sign-in: taken from what is kept, renewed when they end, kept again.
#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.hpp"
#include "oauth/challenge.hpp"
#include "oauth/error_table.hpp"
#include "oauth/person_sign_in_io.hpp"
#include "oauth/proof_key.hpp"
#include "oauth/token_source_io.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

constexpr base::Duration kLeaseLook = std::chrono::milliseconds{50};
constexpr std::size_t kScopesShownMax = 32;

OAuthError over(std::string why) {
  auto error = misfit(Cause::reauth, 0, std::move(why));
  error.remember = std::chrono::minutes{5};  // another sign-in has another key
  return error;
}

}  // namespace

std::optional<Error> TokenSource::forbidden(core::Principal const*, std::string_view field) const {
  auto const challenge = Challenge::parse(field);
  if (!challenge || challenge->error != "insufficient_scope") return std::nullopt;
  std::string words;
  std::string flags;
  std::size_t shown = 0;
  for (auto const& scope : challenge->scopes) {
    if (!is_scope(scope) || shown++ >= kScopesShownMax) continue;
    words += " " + scope;
    flags += " --scope " + base::shell_word(scope);
  }
  std::string const what = words.empty() ? " scopes that it does not name" : " the scopes" + words;
  Error error(Fault::config, Blame::gateway, "the server wants" + what + " for this");
  if (options_.grant != Grant::authorization_code) {
    return std::move(error).advise(
        fmt::format("The server wants{} for this; an operator has to add to "
                    "`servers.{}.auth.scopes`.",
                    what, options_.server));
  }
  return std::move(error).advise(fmt::format("The server wants{} for this: `weir server login {}{}{}`.", what,
                                             options_.server, options_.person ? options_.person->words : "",
                                             flags));
}

OAuthResult<KeptSignIn> TokenSource::kept_sign_in() {
  auto kept = parts_.sign_ins->read(options_.server, person());
  if (!kept) return over(kept.error().detail);
  if (!*kept) return over("");  // nobody has signed in
  if (unsaved_ && unsaved_->id == (*kept)->id) return *unsaved_;
  if (auto const why = misfit_of(**kept, options_.sign_in_use); !why.empty()) return over(why);
  if (options_.wanted.key_bound && !(*kept)->key.empty()) {
    auto key = proof_key({(*kept)->key, {}}, parts_.random);
    if (!key) return over("its key cannot be read");
    client_.prover = std::move(*key);
  }
  if (options_.person) {  // a user may be gone, and their token is then given back
    if (auto endpoint = net::parse_url((*kept)->revocation_endpoint)) {
      KeptSignIn as;  // which client, and no token
      as.client_id = (*kept)->client_id;
      as.client_auth = (*kept)->client_auth;
      as.client_secret = (*kept)->client_secret;
      auto const client = [this, as] {
        auto const mine = own();
        return mine ? client_with(*mine, as) : client_;
      };
      auto guard = guard_of(*endpoint);
      revocations_.announce({std::move(*endpoint), (*kept)->issuer, std::move(guard), client});
    }
  }
  return std::move(**kept);
}

std::string_view TokenSource::person() const noexcept {
  return options_.person ? std::string_view(options_.person->id) : std::string_view();
}

// Addresses of the server or of an issuer that is configured need none.
std::shared_ptr<net::EgressGuard const> TokenSource::guard_of(net::Url const& endpoint) const {
  auto const server = net::parse_url(options_.sign_in_use.server);
  auto const issuer = net::parse_url(options_.sign_in_use.issuer);
  bool const named =
      (server && net::same_origin(endpoint, *server)) || (issuer && net::same_origin(endpoint, *issuer));
  return named ? nullptr : wanted_.guard;
}

ClientIdentity TokenSource::client_with(OwnCredentials const& own, KeptSignIn const& kept) const {
  auto client = client_of(kept, own.client);
  client.prover = client_.prover;  // refresh tokens are bound to it too
  return client;
}

// The kept access token, if it is another one than that which ends or was refused, and good for a while.
OAuthResult<TokenAnswer> TokenSource::given(KeptSignIn const& kept) {
  // One that says no end and cannot be renewed is good for as long as the server takes it.
  bool const endless = kept.refresh_token.empty() && !kept.expires_at;
  bool const over_already = kept.access_token == given_ && (spent_ || !endless);
  if (kept.access_token.empty() || over_already) return over("it has ended");
  auto const wall = parts_.scheduler.clock().wall();
  if (kept.expires_at && *kept.expires_at <= wall + left_to_take_) return over("it has ended");
  TokenAnswer answer;
  answer.access_token = kept.access_token;
  answer.expires_at = kept.expires_at;
  given_ = kept.access_token;
  spent_ = false;
  return answer;
}

void TokenSource::keep(KeptSignIn const& kept) {
  auto const done = parts_.sign_ins->write(options_.server, kept);
  unsaved_.reset();
  if (done) return;
  unsaved_ = kept;
  if (reports_.alarm) reports_.alarm(done.error().detail);
}

TokenSource::Answering TokenSource::ask_signed_in(OwnCredentials const& own, base::TimePoint deadline) {
  if (parts_.sign_ins == nullptr) co_return over("there is no place for sign-ins");
  // Others that share the folder renew the same tokens: one at a time, and the next one finds them renewed.
  std::optional<SignInStore::Lease> lease;
  for (;;) {
    auto got = parts_.sign_ins->try_lease(options_.server, person());
    if (!got) co_return misfit(Cause::config, 0, got.error().detail);
    if (*got) {
      lease.emplace(std::move(**got));
      break;
    }
    if (parts_.scheduler.now() + kLeaseLook >= deadline) {
      co_return misfit(Cause::transient, 0, "another gateway renews the sign-in and does not end");
    }
    co_await parts_.scheduler.sleep_for(kLeaseLook);
  }
  auto kept = kept_sign_in();
  if (!kept) co_return kept.error();
  if (auto answer = given(*kept)) co_return answer;
  if (spent_ && locate_) {
    if (auto elsewhere = co_await moved(*kept, deadline)) co_return std::move(*elsewhere);
  }
  if (kept->refresh_token.empty()) {
    auto const why = "the issuer gave nothing to renew the sign-in with";
    bool const lasts = !spent_ && kept->expires_at > parts_.scheduler.clock().wall();
    if (lasts && !kept->access_token.empty()) co_return over(why);  // what is left of it stays good
    kept->end(why);
    keep(*kept);
    co_return over(why);
  }
  co_return co_await renew(own, std::move(*kept), deadline);
}

// Whether the server, which has refused a token, has its tokens from another issuer by now. Then the tokens
// are of no use any more, and the registration is none there. A server that cannot be asked has not moved.
base::Task<std::optional<OAuthError>> TokenSource::moved(KeptSignIn& kept, base::TimePoint deadline) {
  auto const place = co_await locate_(deadline, true);
  if (!place) {
    bool const unnamed = place.error().cause == Cause::policy && !options_.sign_in_use.issuer.empty();
    co_return unnamed ? std::optional(place.error()) : std::nullopt;
  }
  auto const& named = place->issuers;  // a server that names none has lost its metadata, which proves nothing
  bool const same = named.empty() || std::find(named.begin(), named.end(), kept.issuer) != named.end();
  if (same) co_return std::nullopt;
  auto const url = net::parse_url(place->issuer);
  kept.end("the server has moved to another issuer" + (url ? ", " + url->authority : std::string()));
  if (kept.registered) {
    kept.client_id.clear();
    kept.client_secret = {};
    kept.client_secret_until.reset();
  }
  keep(kept);
  co_return over(kept.why_ended);
}

TokenSource::Answering TokenSource::renew(OwnCredentials const& own, KeptSignIn kept,
                                          base::TimePoint deadline) {
  auto endpoint = net::parse_url(kept.token_endpoint);
  if (!endpoint) co_return over("its token endpoint cannot be read");
  auto const use = parts_.book.use(options_.server);
  if (!use) co_return misfit(Cause::transient, 0, "the gateway is being stopped");
  auto wanted = wanted_;
  wanted.guard = guard_of(*endpoint);
  wanted.endpoint = std::move(*endpoint);
  wanted.issuer = kept.issuer;
  wanted.resource = kept.resource;
  wanted.scopes = kept.scopes;
  auto const request = ask_refresh(wanted, kept.refresh_token);
  auto const client = client_with(own, kept);
  auto const asked_at = parts_.scheduler.clock().wall();
  auto answer = co_await endpoint_.ask(request, client, deadline);
  if (answer) {
    accepted(own);
    kept.access_token = answer->access_token;
    if (!answer->refresh_token.empty()) kept.refresh_token = answer->refresh_token;
    kept.expires_at = end_of(asked_at, *answer);
    left_to_take_ = left_to_take(asked_at, kept.expires_at);
    if (!answer->scopes.empty()) kept.scopes = answer->scopes;
    given_ = kept.access_token;
    spent_ = false;
    keep(kept);
    co_return answer;
  }
  auto refusal = answer.error();
  if (!refusal.successor.empty()) {
    kept.refresh_token = std::exchange(refusal.successor, base::Secret());
    keep(kept);
  }
  bool const unknown = refusal.code == "invalid_client";
  if (unknown && kept.registered) kept.client_id.clear();  // the next sign-in registers anew
  if (refusal.cause == Cause::reauth || (unknown && kept.registered)) {
    kept.end(unknown ? "the issuer does not know the client any more"
                     : "the issuer does not take the refresh token any more");
    keep(kept);
  }
  co_return refusal;
}

}  // namespace weir::oauth
