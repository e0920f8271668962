#include "oauth/token_source_io.hpp"

#include <algorithm>

#include "base/ready_until.hpp"
#include "oauth/challenge.hpp"
#include "oauth/error_table.hpp"
#include "oauth/proof_key.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

// What failed says something about everybody: an issuer that is away, or asks for patience, or does not know
// the gateway. `shown`: a caller's own token was, and may be what the issuer does not like.
bool concerns_all(OAuthError const& error, bool shown) noexcept {
  if (error.cause == Cause::throttle) return !shown || error.status != 429;
  if (error.cause == Cause::transient) return error.status == 0;
  if (error.cause != Cause::config) return false;
  bool const elsewhere = error.status == 404 || error.status == 405 || error.status / 100 == 3;
  // Issuers answer a bad subject token with invalid_request (RFC 8693 2.2.2), some with words of their own,
  // some without any.
  if (error.code.empty()) return !shown || error.status == 0 || elsewhere;
  return error.code == "invalid_client" || error.code == "unauthorized_client" ||
         error.code == "unsupported_grant_type" || elsewhere;
}

// It may be about one caller, or about everybody: how many hear it tells.
bool suspicious(OAuthError const& error) noexcept {
  return error.cause == Cause::transient || error.cause == Cause::throttle ||
         (error.cause == Cause::config && error.code.empty());
}

// The issuer knows the gateway, and does not let it do what it asked to.
bool refuses_grant(OAuthError const& error) noexcept {
  return error.code == "unauthorized_client" || error.code == "unsupported_grant_type";
}

// Where callers' tokens are exchanged, lists alone are asked for with one of the gateway's own.
Error no_lists(OAuthError const& error) {
  std::string const why = error.description.empty() ? error.code : error.code + ": " + error.description;
  return Error(Fault::config, Blame::gateway,
               "its lists cannot be read: the issuer gives Weir no token of its own (" + why +
                   "); allow Weir's client the grant client_credentials there")
      .advise(
          "The issuer has to let Weir read the lists of this server (grant client_credentials); an "
          "operator has to see to it.");
}

OAuthError caller_over() { return misfit(Cause::reauth, 0, "the caller's token has ended"); }

constexpr std::string_view kBound = "DPoP ";

base::Secret header_value(base::Secret const& token, bool key_bound) {
  std::string text;
  text.reserve(token.reveal().size() + 7);
  text.append(key_bound ? kBound : "Bearer ").append(token.reveal());
  base::Secret value(text);
  explicit_bzero(text.data(), text.size());
  return value;
}

base::Duration spread(OAuthError const& error, base::Random& random) {
  auto const most = static_cast<std::uint64_t>(error.remember_spread.count());
  return error.remember + base::Duration{static_cast<std::int64_t>(random.below(most + 1))};
}

}  // namespace

struct TokenSource::Flight {
  explicit Flight(base::Scheduler& scheduler) : over(scheduler) {}
  base::Event over;
  bool dropped = false;  // what it brought must not be used: ask again
  Result<Value> result = Error(Fault::unavailable, Blame::gateway, "being stopped");
};

TokenSource::TokenSource(TokenParts const& parts, TokenSourceOptions options, Locator locate, Reports reports)
    : parts_(parts),
      options_(std::move(options)),
      wanted_(options_.wanted),
      client_(options_.client),
      locate_(std::move(locate)),
      reports_(std::move(reports)),
      endpoint_(parts.scheduler, parts.fetcher, parts.random),
      revocations_(parts.scheduler, endpoint_,
                   [this](std::string_view result) {
                     if (reports_.returned) reports_.returned(result);
                   }),
      places_(parts.scheduler, kAskedAtOnce),
      asking_(parts.scheduler) {
  auto const use = options_.slot ? options_.slot->use() : core::CredentialSlot::Use();
  known_ = use.edition;
  if (auto const mine = own_of(use)) refused_as_ = client_key(*mine);
}

TokenSource::~TokenSource() = default;

bool TokenSource::per_caller() const noexcept {
  return options_.grant == Grant::exchange || options_.grant == Grant::id_jag;
}

std::string TokenSource::acts_as(core::Principal const& caller) const {
  return caller.token ? caller.id + '\n' + caller.token->actor : caller.id;
}

// The gateway's own questions (lists) are asked with its own token: those of callers are for their calls.
TokenSource::SubjectRef TokenSource::subject_of(core::Principal const* caller) const {
  return per_caller() && caller != nullptr ? caller->token : nullptr;
}

std::optional<TokenKey> TokenSource::key_for(SubjectRef const& subject) const {
  // A sign-in has one key, so its name is enough.
  bool const keyed = client_.prover && options_.grant != Grant::authorization_code;
  TokenUse use{options_.server,  wanted_.issuer,
               wanted_.resource, wanted_.audience,
               &wanted_.scopes,  keyed ? std::string_view(client_.prover->thumbprint()) : std::string_view(),
               options_.sign_in};
  if (options_.person) use.person = options_.person->id;
  if (options_.grant == Grant::refresh_token) use.credential = options_.refresh_token.reveal();
  if (options_.grant == Grant::password) {
    use.sign_in = options_.user;
    use.credential = options_.password.reveal();
  }
  if (!subject) return parts_.keys.own(use);
  return parts_.keys.of_caller(
      use, {subject->issuer, subject->subject, subject->tenant, subject->actor, subject->text.reveal()});
}

std::optional<TokenKey> TokenSource::key_of(core::Principal const* caller) const {
  if (per_caller() && caller != nullptr && !caller->token) return std::nullopt;
  return key_for(subject_of(caller));
}

bool TokenSource::has_ended(SubjectRef const& subject) const {
  return subject && subject->expires && *subject->expires <= parts_.scheduler.clock().wall();
}

TokenOwner TokenSource::owner_of(SubjectRef const& subject) const {
  TokenOwner owner;
  owner.client = refused_as_;
  auto const of = [&](auto const& who) {
    owner.tenant = who.issuer + ' ' + who.tenant;
    owner.subject = parts_.keys.subject(who.issuer, who.subject);
    owner.returns = revocations_.inbox();
  };
  if (subject) {
    of(*subject);
  } else if (options_.person) {
    of(*options_.person);
  }
  return owner;
}

Flow TokenSource::flow_of(SubjectRef const& subject) const noexcept {
  switch (options_.grant) {
    case Grant::authorization_code:
    case Grant::refresh_token: return Flow::refresh_token;
    case Grant::password: return Flow::password;
    case Grant::exchange: return subject ? Flow::token_exchange : Flow::client_credentials;
    case Grant::id_jag: return subject ? Flow::jwt_bearer : Flow::client_credentials;
    case Grant::workload: return Flow::workload;
    case Grant::client_credentials: break;
  }
  return Flow::client_credentials;
}

Error TokenSource::told(OAuthError const& error, SubjectRef const& subject) const {
  bool const person = options_.grant == Grant::authorization_code;
  if (person && (error.cause == Cause::reauth || error.code == "invalid_client")) {
    auto const words = options_.person ? options_.person->words : std::string();
    return needs_sign_in(options_.server, error.description, words).about(options_.server);
  }
  bool const of_lists = per_caller() && !subject && (refuses_grant(error) || error.cause == Cause::scope);
  if (of_lists) return no_lists(error).about(options_.server);
  return error_for_caller(error, flow_of(subject), wanted_.scopes).about(options_.server);
}

core::CredentialSource::Value TokenSource::ready(core::Principal const* caller) {
  auto const key = key_of(caller);
  if (!key) return nullptr;
  notice_edition();
  auto found = parts_.cache.find(*key, parts_.scheduler.now(), true, refused_as_);
  bool const untried = untried_ && found.token && !flights_.contains(*key);
  if (untried) untried_ = false;  // should it fail, the token's own renewal tries again
  if (found.token && (found.renew || untried)) {
    if (!join(*key, subject_of(caller))) parts_.cache.renewal_over(*key);
  }
  if (found.token && reports_.hit) reports_.hit();
  return found.token;
}

base::Task<Result<core::CredentialSource::Value>> TokenSource::obtain(core::Principal const* caller,
                                                                      base::TimePoint deadline) {
  struct Waiting {
    std::size_t& count;
    explicit Waiting(std::size_t& c) noexcept : count(c) { ++count; }
    ~Waiting() { --count; }
  } const here(waiters_);
  auto got = co_await obtain_once(caller, deadline);
  if (got || got.error().fault != Fault::throttled) co_return got;
  // Each waits for itself: the question that was put off holds no place, and keeps nobody beyond their
  // deadline.
  auto const again_at = parts_.scheduler.now() + got.error().retry_after;
  if (got.error().retry_after > kPatience || again_at >= deadline) co_return got;
  co_await parts_.scheduler.sleep_until(again_at);
  co_return co_await obtain_once(caller, deadline);
}

base::Task<Result<core::CredentialSource::Value>> TokenSource::obtain_once(core::Principal const* caller,
                                                                           base::TimePoint deadline) {
  auto const key = key_of(caller);
  if (!key) {
    co_return Error(Fault::denied, Blame::client, "no verified token of the caller to exchange")
        .about(options_.server)
        .advise("This server is used in the name of a caller who is signed in.");
  }
  notice_edition();
  auto const subject = subject_of(caller);
  // The listener may still take it, within its leeway.
  if (has_ended(subject)) co_return told(caller_over(), subject);
  auto const now = parts_.scheduler.now();
  auto found = parts_.cache.find(*key, now, false, refused_as_);  // ready() has looked
  if (found.token) co_return found.token;
  if (found.refusal) co_return told(*found.refusal, subject);
  if (auto const refusal = blocked(now)) co_return told(*refusal, subject);
  auto const flight = join(*key, subject);
  if (!flight || waiters_ > kWaitersMax) {
    co_return Error(Fault::busy, Blame::gateway, "too many wait for tokens").about(options_.server);
  }
  if (!co_await base::ready_until(parts_.scheduler, flight->over, deadline)) {
    co_return Error(Fault::timed_out, Blame::gateway, "no token in time")
        .about(options_.server)
        .advise("The issuer of the server's tokens was too slow.");
  }
  if (flight->dropped) co_return co_await obtain_once(caller, deadline);
  co_return flight->result;
}

void TokenSource::refused(core::Principal const* caller, Value const& used, bool again) {
  auto const key = key_of(caller);
  if (!key) return;
  parts_.cache.drop(*key, used);
  spent_ = true;
  doubted_ = true;
  if (!again) return;
  auto const subject = subject_of(caller);
  auto error = misfit(Cause::config, 401, "the server does not take the tokens that its issuer gives");
  error.code = "invalid_token";
  parts_.cache.refuse(*key, owner_of(subject), std::move(error), kRefusedTwice, parts_.scheduler.now());
}

void TokenSource::forget() {
  auto const key = key_for(nullptr);
  auto const found = key ? parts_.cache.find(*key, parts_.scheduler.now(), false) : TokenCache::Found();
  if (found.token) parts_.cache.drop(*key, found.token);
}

Result<base::Secret> TokenSource::proof(core::Principal const*, Value const& used, std::string_view method,
                                        std::string_view url) {
  if (!wanted_.key_bound) return base::Secret();
  if (!client_.prover) {  // the token was at hand already when this source was made
    if (auto const kept = kept_sign_in(); !kept) return told(kept.error(), nullptr);
  }
  auto token = used->reveal();
  token.remove_prefix(kBound.size());
  auto const nonce = nonces_.of(url);
  return client_.prover->proof({method, url, nonce, token}, parts_.scheduler.clock().wall());
}

bool TokenSource::wants_nonce(core::Principal const*, std::string_view url, std::string_view nonce,
                              std::string_view challenge) {
  if (!wanted_.key_bound || !nonces_.heard(url, nonce) || challenge.empty()) return false;
  auto const said = Challenge::parse(challenge, Challenge::Scheme::dpop);
  return said && said->error == "use_dpop_nonce";
}

std::optional<OAuthError> TokenSource::blocked(base::TimePoint now) const {
  if (!block_ || now >= block_->until) return std::nullopt;
  auto error = block_->error;
  if (error.retry_after > base::Duration::zero()) error.retry_after = block_->until - now;
  return error;
}

std::shared_ptr<TokenSource::Flight> TokenSource::join(TokenKey const& key, SubjectRef subject) {
  if (auto const found = flights_.find(key); found != flights_.end()) return found->second;
  if (flights_.size() >= kFlightsMax) return nullptr;
  auto flight = std::make_shared<Flight>(parts_.scheduler);
  flights_.emplace(key, flight);
  asking_.spawn(fly(key, std::move(subject), flight));
  return flight;
}

base::Task<void> TokenSource::fly(TokenKey key, SubjectRef subject, std::shared_ptr<Flight> flight) {
  struct Landing {
    TokenSource& source;
    Flight& flight;
    std::vector<TokenKey> keys;
    ~Landing() {
      for (auto const& one : keys) source.flights_.erase(one);
      flight.over.set();
    }
  } landing{*this, *flight, {key}};
  auto const place = co_await places_.acquire();
  auto const asked_at = parts_.scheduler.now();
  if (auto const refusal = blocked(asked_at)) {  // found out while this one waited
    parts_.cache.renewal_over(key);
    flight->result = told(*refusal, subject);
    co_return;
  }
  auto const deadline = asked_at + options_.ask_max;
  if (locate_ && options_.grant != Grant::authorization_code) {  // a sign-in says itself where it was made
    auto located = co_await locate_(deadline, std::exchange(doubted_, false));
    if (!located) {
      settle(key, subject, asked_at, std::move(located).error(), *flight);
      co_return;
    }
    if (client_.prover) {
      if (auto unfit = unfit_for(located->proof_algorithms, *client_.prover)) {
        settle(key, subject, asked_at, std::move(*unfit), *flight);
        co_return;
      }
    }
    adopt(std::move(*located));
    // The issuer is part of the key; who comes from now on asks under the new one.
    if (auto const now_known_as = key_for(subject); now_known_as && *now_known_as != key) {
      key = *now_known_as;
      if (flights_.emplace(key, flight).second) landing.keys.push_back(key);
    }
  }
  TokenAsking const asking(parts_.cache, owner_of(subject).subject);
  auto const shown = options_.slot ? options_.slot->edition() : 0;
  auto answer = co_await ask(subject, deadline);
  if (!answer && options_.slot && options_.slot->edition() != shown) {  // said of what is not in use any more
    parts_.cache.renewal_over(key);
    flight->result = told(answer.error(), subject);
    co_return;
  }
  settle(key, subject, asked_at, std::move(answer), *flight, &asking);
}

void TokenSource::adopt(TokenPlace place) {
  wanted_.endpoint = std::move(place.endpoint);
  wanted_.guard = std::move(place.guard);
  if (options_.wanted.issuer.empty()) wanted_.issuer = std::move(place.issuer);
  if (options_.sends_resource && options_.wanted.resource.empty())
    wanted_.resource = std::move(place.resource);
  if (options_.wanted.scopes.empty()) wanted_.scopes = std::move(place.scopes);
  if (options_.any_auth) client_.auth = place.auth.value_or(ClientAuth::basic);
  if (place.revocation) {
    auto const client = [this] {
      auto mine = own();
      return mine ? std::move(mine->client) : client_;
    };
    revocations_.announce({std::move(*place.revocation), wanted_.issuer, place.revocation_guard, client});
  }
}

void TokenSource::settle(TokenKey const& key, SubjectRef const& subject, base::TimePoint asked_at,
                         OAuthResult<TokenAnswer> answer, Flight& flight, TokenAsking const* asking) {
  auto const now = parts_.scheduler.now();
  std::optional<TokenLife> life;
  if (answer) {
    TokenEnds const ends{answer->expires_in, answer->expires_at,
                         subject ? subject->expires : std::optional<base::WallTime>()};
    auto const cap = subject ? parts_.cache.life_max() : options_.own_life_max;
    life = life_of(ends, cap, asked_at, now, parts_.scheduler.clock().wall(), parts_.random);
    if (subject && answer->access_token == subject->text) {
      answer = misfit(Cause::policy, 0, "the caller's own token came back, which is sent to no server");
    } else if (!life) {
      answer = has_ended(subject) ? caller_over()
                                  : misfit(Cause::protocol, 0, "the token that came is over already");
    }
  }
  if (reports_.asked) {
    auto const error = answer ? OAuthError() : answer.error();
    reports_.asked(flow_of(subject), answer ? nullptr : &error, now - asked_at);
  }
  if (!answer) {
    remember(key, subject, answer.error(), asking);
    flight.result = told(answer.error(), subject);
    return;
  }
  failing_.clear();
  block_.reset();
  auto const value =
      std::make_shared<base::Secret const>(header_value(answer->access_token, wanted_.key_bound));
  auto owner = owner_of(subject);
  owner.asking = asking;
  flight.dropped = !parts_.cache.keep(key, std::move(owner), value, *life, now);
  if (!flight.dropped) flight.result = value;
}

// Whether as many in a row have heard of trouble by now as say that it is the issuer's. One who hears it over
// and over counts once.
bool TokenSource::suspect(TokenKey const& who, OAuthError const& error) {
  if (!suspicious(error)) {
    failing_.clear();
    return false;
  }
  if (std::find(failing_.begin(), failing_.end(), who) == failing_.end()) failing_.push_back(who);
  if (failing_.size() < kFailuresOfAll) return false;
  failing_.clear();
  return true;
}

void TokenSource::remember(TokenKey const& key, SubjectRef const& subject, OAuthError const& error,
                           TokenAsking const* asking) {
  auto const now = parts_.scheduler.now();
  auto const time = spread(error, parts_.random);
  auto owner = owner_of(subject);
  owner.asking = asking;
  // Nobody's token was shown where the issuer was not found.
  bool const of_all = concerns_all(error, subject && asking != nullptr);
  bool const suspected = suspect(owner.subject, error);
  bool const lists_only = per_caller() && !subject && refuses_grant(error);  // says nothing of exchanges
  if (of_all && !lists_only) {
    block_ = Block{error, now + time};
  } else if (suspected) {
    block_ = Block{error, now + std::min(time, kSuspectedFor)};
  }
  parts_.cache.refuse(key, std::move(owner), error, time, now);
  bool const of_gateway = error.cause == Cause::policy ||
                          (error.cause == Cause::config && (of_all || suspected)) ||
                          (error.cause == Cause::reauth && !subject);
  if (of_gateway && reports_.alarm) reports_.alarm(told(error, subject).detail);
}

}  // namespace weir::oauth
