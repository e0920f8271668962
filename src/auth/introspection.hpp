// Asking an issuer what a token is (RFC 7662): the question, and what the answer means.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "auth/token_caller.hpp"
#include "base/secret.hpp"
#include "net/http_fetch.hpp"

namespace weir::auth {

// Weir proves who it is by its password (RFC 6749 section 2.3.1). Errors: config.
base::Result<net::FetchRequest> introspection_request(config::Introspection const& settings,
                                                      std::string_view token);

// Nothing: the token is not active, not for us, or names nobody. Errors (protocol, config, unavailable): the
// answer says nothing of the token.
base::Result<std::optional<TokenCaller>> read_introspection(net::FetchedReply const& reply,
                                                            config::Introspection const& settings,
                                                            std::string_view digest, base::WallTime now);

}  // namespace weir::auth
