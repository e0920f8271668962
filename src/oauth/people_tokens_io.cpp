#include "oauth/people_tokens_io.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

PeopleTokens::PeopleTokens(TokenParts const& parts, TokenSourceOptions options, TokenSource::Locator locate,
                           TokenSource::Reports reports, bool names_issuer)
    : parts_(parts),
      options_(std::move(options)),
      locate_(std::move(locate)),
      reports_(std::move(reports)),
      names_issuer_(names_issuer),
      own_(std::make_shared<TokenSource>(parts_, options_, locate_, reports_)),
      nothing_(std::make_shared<base::Secret const>()) {}

PeopleTokens::~PeopleTokens() = default;

bool PeopleTokens::shut() const noexcept { return shut_until_ && parts_.scheduler.now() < *shut_until_; }

core::CredentialSource::Value PeopleTokens::ready(core::Principal const* caller) {
  if (caller != nullptr) {
    auto const found = source_of(*caller);
    return found ? (*found)->ready(nullptr) : nullptr;
  }
  if (without_token()) return shut() ? nullptr : nothing_;
  return own_->ready(nullptr);
}

base::Task<Result<core::CredentialSource::Value>> PeopleTokens::obtain(core::Principal const* caller,
                                                                       base::TimePoint deadline) {
  if (caller == nullptr && without_token()) {
    if (!shut()) co_return nothing_;
    co_return needs_sign_in(options_.server, "its lists are not shown without one").about(options_.server);
  }
  if (caller == nullptr) co_return co_await own_->obtain(nullptr, deadline);
  auto const found = source_of(*caller);
  if (!found) co_return found.error();
  auto const source = *found;  // it may be let go while this waits
  co_return co_await source->obtain(nullptr, deadline);
}

void PeopleTokens::refused(core::Principal const* caller, Value const& used, bool again) {
  if (caller == nullptr && used->reveal().empty()) {
    shut_until_ = parts_.scheduler.now() + kShut;
    return;
  }
  if (auto* const source = known(caller)) source->refused(nullptr, used, again);
}

std::optional<Error> PeopleTokens::forbidden(core::Principal const* caller,
                                             std::string_view challenge) const {
  auto const* const source = known(caller);
  return source == nullptr ? std::nullopt : source->forbidden(nullptr, challenge);
}

Result<base::Secret> PeopleTokens::proof(core::Principal const* caller, Value const& used,
                                         std::string_view method, std::string_view url) {
  auto* const source = used->reveal().empty() ? nullptr : known(caller);
  return source == nullptr ? Result<base::Secret>(base::Secret()) : source->proof(nullptr, used, method, url);
}

bool PeopleTokens::wants_nonce(core::Principal const* caller, std::string_view url, std::string_view nonce,
                               std::string_view challenge) {
  auto* const source = known(caller);
  return source != nullptr && source->wants_nonce(nullptr, url, nonce, challenge);
}

std::string PeopleTokens::acts_as(core::Principal const& caller) const {
  auto const found = people_.find(caller.id);
  return found == people_.end() ? std::string() : found->second->sign_in;
}

TokenSource* PeopleTokens::known(core::Principal const* caller) const {
  if (caller == nullptr) return own_.get();
  auto const found = people_.find(caller->id);
  return found == people_.end() ? nullptr : found->second->source.get();
}

PeopleTokens::Found PeopleTokens::source_of(core::Principal const& caller) {
  if (caller.anonymous()) {
    return Error(Fault::denied, Blame::client, "nobody can have signed in for a caller without a name")
        .about(options_.server)
        .advise("Each caller of this server has a sign-in of their own: show Weir who you are.");
  }
  auto const now = parts_.scheduler.now();
  auto const found = people_.find(caller.id);
  if (found != people_.end()) {
    auto const one = found->second;
    order_.splice(order_.begin(), order_, one);
    if (now - one->looked < kLookEvery) return one->source;
  }
  auto const stamp = parts_.sign_ins->stamp(options_.server, caller.id);
  if (found != people_.end() && found->second->stamp == stamp) {
    found->second->looked = now;
    return found->second->source;
  }
  return signed_in(caller, stamp);
}

// `stamp` was taken before reading: what changes meanwhile is seen at the next look.
PeopleTokens::Found PeopleTokens::signed_in(core::Principal const& caller, SignInStore::Stamp stamp) {
  auto person = person_of(caller, names_issuer_);
  auto const kept = parts_.sign_ins->read(options_.server, caller.id);
  std::string why;
  if (!kept) {
    why = kept.error().detail + (kept.error().hint.empty() ? "" : "; " + kept.error().hint);
  } else if (*kept) {
    why = misfit_of(**kept, options_.sign_in_use);
  }
  bool const usable = kept && *kept && why.empty();
  auto const found = people_.find(caller.id);
  if (found != people_.end()) {
    auto const one = found->second;
    if (usable && one->sign_in == (*kept)->id) {  // only its tokens are others
      one->stamp = stamp;
      one->looked = parts_.scheduler.now();
      return one->source;
    }
    one->source->forget();
    let_go(one);
  }
  if (!usable) return needs_sign_in(options_.server, why, person.words).about(options_.server);
  if (!make_room()) {
    return Error(Fault::busy, Blame::gateway, "too many people wait for tokens").about(options_.server);
  }
  auto options = options_;
  options.sign_in = (*kept)->id;
  options.person = std::move(person);
  auto source = std::make_shared<TokenSource>(parts_, std::move(options), locate_, reports_);
  order_.push_front({caller.id, stamp, parts_.scheduler.now(), (*kept)->id, source});
  people_.emplace(order_.front().id, order_.begin());
  return source;
}

void PeopleTokens::let_go(Order::iterator one) {
  people_.erase(one->id);
  order_.erase(one);
}

// One that is asking may be about to learn a refresh token that replaces the one that is kept.
bool PeopleTokens::make_room() {
  if (people_.size() < SignInStore::kPeopleMax) return true;
  for (auto one = order_.end(); one != order_.begin();) {
    --one;
    if (one->source->flights() > 0) continue;
    let_go(one);
    return true;
  }
  return false;
}

}  // namespace weir::oauth
