#include "oauth/token_endpoint_io.hpp"

#include <algorithm>

#include "oauth/error_table.hpp"

namespace weir::oauth {

base::Task<OAuthResult<TokenAnswer>> TokenEndpoint::ask_once(TokenRequest const& request,
                                                             ClientIdentity const& client,
                                                             base::TimePoint deadline) {
  auto const nonce = client.prover ? nonces_.of(request.endpoint.text()) : std::string();
  auto const question = written(request, client, nonce, scheduler_.clock().wall());
  if (!question) co_return failure_of(question.error());
  auto reply = co_await fetcher_.fetch(*question, std::min(deadline, scheduler_.now() + kAttemptMax));
  if (!reply) co_return failure_of(reply.error());
  if (client.prover) nonces_.heard(request.endpoint.text(), reply->field("dpop-nonce"));
  auto expected = request.expected;
  if (client.prover) expected.bound_key = client.prover->thumbprint();
  auto answer = read_answer(*reply, expected, secrets_of(request, client));
  explicit_bzero(reply->body.data(), reply->body.size());
  co_return answer;
}

base::Task<OAuthResult<TokenAnswer>> TokenEndpoint::ask(TokenRequest const& request,
                                                        ClientIdentity const& client,
                                                        base::TimePoint deadline) {
  bool const failing = failing_;
  for (unsigned attempt = 1;; ++attempt) {
    auto answer = co_await ask_once(request, client, deadline);
    failing_ = !answer && answer.error().cause == Cause::transient;
    if (answer || (failing && failing_)) co_return answer;
    double const luck = static_cast<double>(random_.next() >> 11) * 0x1p-53;
    auto const wait = again_after(answer.error(), request.expected.flow, attempt, deadline - scheduler_.now(),
                                  luck, client.prover != nullptr);
    if (!wait) co_return answer;
    co_await scheduler_.sleep_for(*wait);
  }
}

base::Task<OAuthResult<void>> TokenEndpoint::tell(TokenRequest const& request, ClientIdentity const& client,
                                                  base::TimePoint deadline) {
  auto const nonce = client.prover ? nonces_.of(request.endpoint.text()) : std::string();
  auto const question = written(request, client, nonce, scheduler_.clock().wall());
  if (!question) co_return failure_of(question.error());
  auto const reply = co_await fetcher_.fetch(*question, deadline);
  if (!reply) co_return failure_of(reply.error());
  if (reply->status >= 200 && reply->status < 300) co_return OAuthResult<void>();
  auto const answer = read_answer(*reply, request.expected, secrets_of(request, client));
  co_return answer ? misfit(Cause::protocol, reply->status, "an answer of another kind") : answer.error();
}

}  // namespace weir::oauth
