#include "auth/token_issuer.hpp"

namespace weir::auth {

using jose::TokenFault;

namespace {

jose::TokenRules rules_of(config::TokenAuth const& settings) {
  jose::TokenRules rules;
  rules.issuer = settings.issuer;
  rules.skew = settings.leeway;
  for (auto const& name : settings.algorithms) {
    if (auto const algorithm = jose::algorithm_of(name)) rules.algorithms.add(*algorithm);
  }
  return rules;
}

}  // namespace

TokenIssuer::TokenIssuer(config::TokenAuth settings, std::uint64_t seed)
    : settings_(std::move(settings)), rules_(rules_of(settings_)), known_({}, seed) {}

TokenIssuer::Keys TokenIssuer::keys() const {
  std::lock_guard const lock(mutex_);
  return keys_;
}

bool TokenIssuer::has_keys(base::TimePoint now) const {
  std::lock_guard const lock(mutex_);
  return keys_.set != nullptr && now < keys_.usable_until;
}

void TokenIssuer::set_keys(std::shared_ptr<jose::KeySet const> keys, std::string_view text,
                           base::TimePoint usable_until) {
  auto const hash = std::hash<std::string_view>{}(text);
  std::lock_guard const lock(mutex_);
  bool const same = keys_.set != nullptr && hash == text_hash_;
  keys_.set = std::move(keys);
  keys_.usable_until = usable_until;
  if (!same) ++keys_.generation;
  text_hash_ = hash;
  generation_.store(keys_.generation);
}

void TokenIssuer::set_unknown_from(base::TimePoint from) {
  std::lock_guard const lock(mutex_);
  keys_.unknown_from = from;
}

TokenIssuer::Verdict TokenIssuer::judge(std::string_view token, base::WallTime wall, base::TimePoint now) {
  Verdict verdict;
  if (token.size() > jose::kTokenBytesMax) {
    verdict.fault = TokenFault::too_long;
    return verdict;
  }
  auto const digest = token_digest(token);
  if (auto found = known_.find(digest, generation_.load(), wall, now); found.caller) {
    verdict.kind = Verdict::Kind::caller;
    verdict.caller = std::move(found.caller);
    return verdict;
  }
  return prove(token, digest, keys(), wall, now);
}

TokenIssuer::Verdict TokenIssuer::prove(std::string_view token, std::string const& digest, Keys const& with,
                                        base::WallTime wall, base::TimePoint now) {
  Verdict verdict;
  auto read = jose::read_token(token, rules_);
  if (!read) {
    verdict.fault = read.error();
    return verdict;
  }
  if (with.set == nullptr || now >= with.usable_until) {
    verdict.kind = Verdict::Kind::wants_keys;
    verdict.fault = TokenFault::key_unknown;
    return verdict;
  }
  auto const proven = jose::prove_token(*std::move(read), rules_, *with.set, wall);
  if (!proven) {
    verdict.fault = proven.error();
    // Issuers replace keys under the same name, and some give none: then the signature is wrong.
    bool const newer = verdict.fault == TokenFault::key_unknown || verdict.fault == TokenFault::signature;
    if (newer && now >= with.unknown_from) {
      verdict.kind = Verdict::Kind::wants_keys;
      verdict.why = KeyKeeper::Why::unknown_key;
    }
    return verdict;
  }
  auto entrances = entrances_of(proven->audience, settings_.audience);
  if (!entrances.everywhere && entrances.endpoints.empty()) {
    verdict.fault = TokenFault::audience;
    return verdict;
  }
  auto who = principal_of(proven->claims, settings_.claims, settings_.issuer, "jwt", digest);
  if (!who) {
    verdict.fault = TokenFault::subject;
    return verdict;
  }
  if (!entrances.everywhere) who->endpoints = entrances.endpoints;
  if (settings_.exchanged) who->token = subject_token(token, *who, settings_.issuer, proven->expires);
  who->until = proven->expires +
               std::chrono::duration_cast<std::chrono::milliseconds>(std::min(rules_.skew, jose::kSkewMax));
  auto caller = std::make_shared<TokenCaller>();
  caller->until = who->until;
  caller->principal = std::make_shared<core::Principal const>(*std::move(who));
  caller->everywhere = entrances.everywhere;
  caller->endpoints = std::move(entrances.endpoints);
  caller->generation = with.generation;
  verdict.kind = Verdict::Kind::caller;
  verdict.caller = caller;
  known_.keep(digest, std::move(caller), wall, now);
  return verdict;
}

}  // namespace weir::auth
