// TokenAnswer: what a token endpoint gave, after everything that can be wrong with it has been looked at.
//
// read_answer() is the one reader for all flows: it parses first (F-26), takes the table's word for refusals
// and measures what came against what was asked for: no wider scope, no foreign audience, the type of token
// that was meant. Pure; any thread. Sources: RFC 6749 5.1, RFC 8693 2.2.1, RFC 7662 2.2, RFC 8707 2.2,
// RFC 9449 5 and 6.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_fetch.hpp"
#include "oauth/oauth_error.hpp"

namespace weir::oauth {

inline constexpr std::size_t kAnswerBytesMax = 64 * 1024;
inline constexpr std::size_t kTokenBytesMax = 16 * 1024;

// What was asked for; what came has to fit.
struct Expected {
  Flow flow = Flow::client_credentials;
  std::vector<std::string> scopes;     // empty: whatever the issuer gives
  std::vector<std::string> audiences;  // resource and audience; empty: not looked at
  std::string issued_type;             // token exchange: the type that was asked for
  bool key_bound = false;              // bound to the gateway's key (DPoP): a bearer token is no answer
  std::string bound_key = {};          // … its thumbprint; "": not looked at
};

struct TokenAnswer {
  base::Secret access_token;
  base::Secret refresh_token;  // empty: none came
  std::string issued_type;
  std::vector<std::string> scopes;           // granted; empty: as asked
  std::optional<base::Duration> expires_in;  // as stated, at most kLifeMax
  std::optional<base::WallTime> expires_at;  // `exp` of the token itself, where it can be read
  std::optional<bool> active;                // introspection
  static constexpr base::Duration kLifeMax = std::chrono::hours{24 * 366};
};

// `secrets`: what was sent; must not come back in a description.
OAuthResult<TokenAnswer> read_answer(net::FetchedReply const& reply, Expected const& expected,
                                     std::vector<std::string_view> const& secrets);

// Claims of a token that looks like a JWT. Nothing here is verified: it only ever shortens a life or refuses.
struct PeekedClaims {
  std::optional<base::WallTime> expires_at;
  std::vector<std::string> audiences;
  std::string bound_key;  // thumbprint; "": none is named
  bool repeats = false;   // a name comes twice: others may read another one than stands here. Refuse it.
};
std::optional<PeekedClaims> peek(std::string_view token);

// Equal, but for a slash at the end: issuers and servers disagree about that one.
bool same_resource(std::string_view a, std::string_view b) noexcept;

}  // namespace weir::oauth
