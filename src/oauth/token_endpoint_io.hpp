// TokenEndpoint: asks an issuer for tokens. The one way in which any flow does so.
//
// One per server, on its worker; borrows what it uses. What is worth repeating is repeated as the error table
// says, within the deadline; redirects are refused, never followed. What came in clear is wiped. Nonces for
// proofs of possession are remembered from any answer (RFC 9449 8).
#pragma once

#include "base/random.hpp"
#include "oauth/nonce_book.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

class TokenEndpoint {
 public:
  static constexpr base::Duration kAttemptMax = std::chrono::seconds{10};

  TokenEndpoint(base::Scheduler& scheduler, net::Fetcher& fetcher, base::Random& random) noexcept
      : scheduler_(scheduler), fetcher_(fetcher), random_(random) {}

  // Both must outlive the task.
  base::Task<OAuthResult<TokenAnswer>> ask(TokenRequest const& request, ClientIdentity const& client,
                                           base::TimePoint deadline);
  // Says something to which the answer is no more than "heard": once, and without a token (RFC 7009).
  base::Task<OAuthResult<void>> tell(TokenRequest const& request, ClientIdentity const& client,
                                     base::TimePoint deadline);

 private:
  base::Task<OAuthResult<TokenAnswer>> ask_once(TokenRequest const& request, ClientIdentity const& client,
                                                base::TimePoint deadline);
  base::Scheduler& scheduler_;
  net::Fetcher& fetcher_;
  base::Random& random_;
  NonceBook nonces_;
  bool failing_ = false;  // the last answer was none: one try is enough to see whether it is back (T-59)
};

}  // namespace weir::oauth
