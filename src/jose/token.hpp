// Signed tokens: reading one, and deciding whether it is good (RFC 7515, 7519, 8725, 9068).
//
// Pure, any thread; no I/O, `now` is an argument. The key comes from the issuer's set alone: what a header
// says of keys (jku, x5u, jwk, x5c) is not looked at. A fault says why, for logs; callers are told nothing
// but that the token is not accepted.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "jose/algorithm.hpp"
#include "jose/json_object.hpp"
#include "jose/key_set.hpp"

namespace weir::jose {

inline constexpr std::size_t kTokenBytesMax = 16 * 1024;
inline constexpr base::Duration kSkewMax = std::chrono::seconds{60};

enum class TokenFault : std::uint8_t {
  too_long,
  malformed,    // not three parts with claims in the middle, strict base64url of a JSON object
  algorithm,    // none, symmetric, unknown or not allowed for this issuer
  header,       // cannot be read, or asks for something that must be understood (crit, zip, enc, b64)
  type,         // `typ` says that it is something else than an access token
  issuer,       // `iss` is not exactly the one expected
  key_unknown,  // no key of that id for that algorithm: a newer set may have it
  signature,    // not of that key, or none at all: a newer set may have another key of that id
  audience,
  expired,  // or without `exp`
  not_yet,
  subject,  // nobody is named
  bound,    // good only with proof of a key (`cnf`, RFC 7800), and none is looked at here
};
char const* name_of(TokenFault fault) noexcept;

template <class T>
using TokenResult = boost::system::result<T, TokenFault>;

struct TokenRules {
  std::string issuer;                               // compared byte for byte
  AlgorithmSet algorithms;                          // empty: nothing is accepted
  base::Duration skew = std::chrono::seconds{30};   // of clocks; at most kSkewMax
  std::vector<std::string> types{"at+jwt", "jwt"};  // of `typ`, lower case; absent is accepted
};

// The parts of a token, of which nothing is proven yet.
struct UnprovenToken {
  std::string_view compact;      // borrowed
  std::string_view signed_part;  // borrowed
  base::Secret signature;        // decoded; with the claims it would be the token again
  Algorithm algorithm{};
  std::string key_id;
  JsonObject claims;
};

// Everything that needs no key: claims, issuer, header, in this order. A token that is `malformed` or of
// another `issuer` may be somebody else's; any other fault is one of a token that claims this issuer.
// `compact` must outlive the result.
TokenResult<UnprovenToken> read_token(std::string_view compact, TokenRules const& rules);

struct ProvenToken {
  JsonObject claims;
  std::string issuer;
  std::vector<std::string> audience;
  base::WallTime expires;  // first instant at which it is refused, skew not counted
};

// Signature and times. The audience is the caller's to check: it may depend on where the token was shown.
TokenResult<ProvenToken> prove_token(UnprovenToken token, TokenRules const& rules, KeySet const& keys,
                                     base::WallTime now);

}  // namespace weir::jose
