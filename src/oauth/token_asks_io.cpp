#include "oauth/error_table.hpp"
#include "oauth/token_source_io.hpp"

// What is asked for each grant.
namespace weir::oauth {
namespace {

constexpr base::Duration kNextAssertion = std::chrono::seconds{10};  // there may be another one by then

}  // namespace

TokenSource::Answering TokenSource::ask_as(OwnCredentials const& own, SubjectRef subject,
                                           base::TimePoint deadline) {
  if (options_.grant == Grant::refresh_token) co_return co_await ask_refreshed(own, deadline);
  if (options_.grant == Grant::authorization_code) co_return co_await ask_signed_in(own, deadline);
  if (options_.grant == Grant::workload) co_return co_await ask_as_workload(own, deadline);
  if (options_.grant == Grant::id_jag && subject)
    co_return co_await ask_with_assertion(own, subject, deadline);
  TokenRequest request;
  if (options_.grant == Grant::password) {
    request = ask_password(wanted_, options_.user, own.password);
  } else if (subject) {
    request = ask_exchange(wanted_, {subject->text, options_.subject_type});
  } else {
    request = ask_client_credentials(wanted_);
  }
  co_return co_await endpoint_.ask(request, own.client, deadline);
}

// Enterprise-managed authorization: the company vouches for its member, the server's issuer believes it.
TokenSource::Answering TokenSource::ask_with_assertion(OwnCredentials const& own, SubjectRef subject,
                                                       base::TimePoint deadline) {
  auto company = options_.company;
  company.audience = wanted_.issuer;
  company.resource = wanted_.resource;
  company.scopes = wanted_.scopes;
  auto const first = ask_id_jag(company, {subject->text, options_.subject_type});
  auto assertion = co_await endpoint_.ask(first, own.company_client, deadline);
  if (!assertion) co_return assertion;
  auto const second = ask_jwt_bearer(wanted_, assertion->access_token);
  co_return co_await endpoint_.ask(second, own.client, deadline);
}

// The platform vouches for the gateway: no secret is kept, and what is shown is replaced beside it.
TokenSource::Answering TokenSource::ask_as_workload(OwnCredentials const& own, base::TimePoint deadline) {
  auto const assertion = read_assertion(own.assertion);
  if (!assertion) co_return assertion.error();
  auto const audiences = own.assertion.audience.empty()
                             ? std::vector<std::string>{wanted_.issuer, wanted_.endpoint.text()}
                             : std::vector<std::string>{own.assertion.audience};
  auto const good = check_assertion(assertion->reveal(), audiences, parts_.scheduler.clock().wall());
  if (!good) co_return good.error();
  auto const request = ask_jwt_bearer(wanted_, *assertion, Flow::workload);
  auto answer = co_await endpoint_.ask(request, own.client, deadline);
  if (answer || answer.error().cause != Cause::reauth) co_return answer;
  auto error = answer.error();
  error.remember = kNextAssertion;
  co_return error;
}

TokenSource::Answering TokenSource::ask_refreshed(OwnCredentials const& own, base::TimePoint deadline) {
  auto const token = parts_.book.current(options_.server, options_.refresh_token, options_.refresh_file);
  if (token.empty()) co_return misfit(Cause::reauth, 0, "the sign-in has ended");
  auto const use = parts_.book.use(options_.server);
  if (!use) co_return misfit(Cause::transient, 0, "the gateway is being stopped");
  auto wanted = wanted_;
  wanted.scopes = options_.wanted.scopes;  // what the server wants says nothing of what was granted once
  auto const request = ask_refresh(wanted, token);
  auto answer = co_await endpoint_.ask(request, own.client, deadline);
  auto refusal = answer ? OAuthError() : answer.error();
  auto const& successor = answer ? answer->refresh_token : refusal.successor;
  if (!successor.empty()) {
    auto const kept =
        parts_.book.renewed(options_.server, options_.refresh_token, options_.refresh_file, successor);
    if (!kept && reports_.alarm) reports_.alarm(kept.error().detail);
  }
  if (answer) co_return answer;
  if (refusal.cause == Cause::reauth)
    parts_.book.ended(options_.server, options_.refresh_token, options_.refresh_file);
  refusal.successor = {};
  co_return refusal;
}

}  // namespace weir::oauth
