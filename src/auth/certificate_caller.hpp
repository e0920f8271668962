// certificate_caller(): the Principal of a client that has proved by TLS who it is.
//
// The listener has verified the certificate against its own authorities; whom these certify is a caller.
// `subject` as RFC 4514 writes it, not empty; `sha256` of the certificate tells apart its renewals.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "core/principal.hpp"

namespace weir::auth {

base::Result<std::shared_ptr<core::Principal const>> certificate_caller(std::string_view subject,
                                                                        std::string_view sha256);

}  // namespace weir::auth
