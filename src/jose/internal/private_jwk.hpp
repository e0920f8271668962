// From the members of a private JSON Web Key to a key of OpenSSL (RFC 7518 section 6, RFC 8037 section 2).
//
// Pure, any thread. Null: something is missing, is not strict base64url, or the public part is not that of
// the private one. What is decoded on the way is wiped.
#pragma once

#include "jose/internal/public_key.hpp"
#include "jose/signing_key.hpp"

namespace weir::jose {

EvpKey private_key_of(SigningKey::JwkMember const& member);

}  // namespace weir::jose
