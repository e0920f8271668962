// The assertion by which a workload says who it is (RFC 7523 2.1): a token that the platform on which the
// gateway runs has signed for it, and that an issuer takes in place of a secret.
//
// Plain functions; any thread. A file is read at each use, because platforms replace it long before it ends;
// links are followed, since that is how they do so. Nothing of an assertion is proved here, which is the
// issuer's to do; but it is sent only to whom it is meant for, and not when it is over. Limit:
// kTokenBytesMax. Errors: config, there is no such token; policy, it is meant for somebody else; reauth, it
// has ended.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "oauth/token_answer.hpp"

namespace weir::oauth {

struct WorkloadAssertion {
  base::Secret text;     // as configured; empty: in the file
  std::string file;      // "": none
  std::string audience;  // the issuer's name in it; "": its identifier, or the address of its token endpoint
};
OAuthResult<base::Secret> read_assertion(WorkloadAssertion const& from);

// For whom it may be, and until when.
OAuthResult<void> check_assertion(std::string_view assertion, std::vector<std::string> const& audiences,
                                  base::WallTime now);

}  // namespace weir::oauth
