#include <algorithm>

#include "oauth/error_table.hpp"
#include "oauth/token_source_io.hpp"

// Asking with what the gateway is known by at present, and with what it was known by before where the issuer
// does not take that (F-30).
namespace weir::oauth {
namespace {

constexpr base::Duration kLookEvery = std::chrono::milliseconds{50};

}  // namespace

// The issuer does not take what the gateway shows of itself, and has done nothing therefore. Of a grant that
// is no more than such a proof, it says so as of any grant; an assertion may not even be fit to be sent.
bool TokenSource::refuses_gateway(OAuthError const& error, SubjectRef const& subject) const noexcept {
  auto const flow = flow_of(subject);
  bool const ours = error.cause == Cause::config || error.cause == Cause::policy;
  if (flow == Flow::workload && ours && error.status == 0) return true;
  if (error.cause == Cause::reauth) return flow == Flow::password || flow == Flow::workload;
  if (error.cause != Cause::config) return false;
  if (error.code == "invalid_client") return true;
  bool const lists = per_caller() && !subject;  // a client that exchanges may have no grant of its own
  if (error.code == "unauthorized_client") return !lists;
  return error.status == 401 && !subject;  // else it may be the caller's token that is meant
}

TokenKey TokenSource::client_key(OwnCredentials const& own) const {
  auto const key_of = [](ClientIdentity const& client) {
    return client.assertions ? client.assertions->fingerprint() : std::string();
  };
  auto const& company = own.company_client;
  auto const key = key_of(own.client);
  auto const company_key = key_of(company);
  auto const& secret = options_.grant == Grant::workload ? own.assertion.text : own.client.secret;
  return parts_.keys.client({own.client.id, secret.reveal(), key, company.id, company.secret.reveal(),
                             company_key, own.password.reveal()});
}

OAuthResult<OwnCredentials> TokenSource::own() const {
  return own_of(options_.slot ? options_.slot->use() : core::CredentialSlot::Use());
}

// Made anew for each question: what is kept here would outlive what the slot forgets.
OAuthResult<OwnCredentials> TokenSource::own_of(core::CredentialSlot::Use const& use) const {
  OwnCredentials bare{use.edition,       false, client_, options_.company_client, options_.password,
                      options_.assertion};
  if (!options_.slot) return bare;
  auto made = options_.read(std::move(bare), *use.fields);
  if (!made) return misfit(Cause::config, 0, made.error().detail);
  return std::move(*made);
}

// What was found out about another secret or key says nothing of this one.
void TokenSource::notice_edition() {
  if (!options_.slot || options_.slot->edition() == known_) return;
  auto const use = options_.slot->use();
  known_ = use.edition;
  if (auto const mine = own_of(use)) refused_as_ = client_key(*mine);
  block_.reset();
  failing_.clear();
  untried_ = options_.grant != Grant::authorization_code;  // its token comes from what is kept
}

void TokenSource::accepted(OwnCredentials const& own) {
  if (options_.slot) options_.slot->accepted(own.edition, parts_.scheduler.now(), own.instead);
}

TokenSource::Answering TokenSource::ask(SubjectRef subject, base::TimePoint deadline) {
  auto const use = options_.slot ? options_.slot->use() : core::CredentialSlot::Use();
  if (use.edition == known_) untried_ = false;
  auto answer = co_await ask_with(use, false, subject, deadline);
  if (!options_.slot || answer) co_return answer;
  if (refuses_gateway(answer.error(), subject))
    co_return co_await ask_again(use, answer.error(), subject, deadline);
  bool const unclear = answer.error().cause == Cause::config && answer.error().status == 401;
  if (!unclear || !options_.slot->on_trial()) co_return answer;
  auto const other = options_.slot->instead_of(use.edition, parts_.scheduler.now());
  if (!other) co_return answer;
  auto second = co_await ask_with(*other, true, subject, deadline);
  co_return second ? second : answer;
}

// With another edition that is at hand, else with one that comes: a store may have a new one.
TokenSource::Answering TokenSource::ask_again(core::CredentialSlot::Use refused, OAuthError why,
                                              SubjectRef subject, base::TimePoint deadline) {
  auto& slot = *options_.slot;
  auto last = refused.edition;
  if (auto const other = slot.instead_of(refused.edition, parts_.scheduler.now())) {
    last = other->edition;
    auto answer = co_await ask_with(*other, true, subject, deadline);
    if (answer) {
      notice_edition();
      untried_ = false;
    }
    if (answer || !refuses_gateway(answer.error(), subject)) co_return answer;
  }
  auto const until = std::min(slot.patience(parts_.scheduler.now()), deadline);
  for (;;) {
    auto const now = slot.edition();
    if (now != last && now != refused.edition) break;
    if (parts_.scheduler.now() >= until) co_return why;
    co_await parts_.scheduler.sleep_for(kLookEvery);
  }
  notice_edition();
  untried_ = false;
  auto const newest = slot.use();
  co_return co_await ask_with(newest, false, subject, deadline);
}

// `instead`: of a newer edition that was refused just now.
TokenSource::Answering TokenSource::ask_with(core::CredentialSlot::Use use, bool instead, SubjectRef subject,
                                             base::TimePoint deadline) {
  auto mine = own_of(use);
  if (!mine) co_return mine.error();
  mine->instead = instead;
  auto answer = co_await ask_as(*mine, subject, deadline);
  // A sign-in's token may have been at hand: it says itself whether it asked. Lists show nothing to the
  // company's issuer.
  bool const all_shown = options_.grant != Grant::id_jag || subject;
  if (answer && all_shown && options_.grant != Grant::authorization_code) accepted(*mine);
  co_return answer;
}

}  // namespace weir::oauth
