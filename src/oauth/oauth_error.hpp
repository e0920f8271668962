// OAuthError: the one way in which asking for a token fails, whatever was asked and whoever it was asked for.
//
// A value. `cause` decides everything that follows: whether the question may be repeated, how long the
// answer is remembered, what a client is told. `code` and `description` are the server's own words, cleaned:
// printable ASCII, at most kDescriptionMax characters, without addresses, tokens and what was sent. Source:
// RFC 6749 5.2, RFC 8693 2.2.2, RFC 9449 8.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace weir::oauth {

enum class Flow : std::uint8_t {
  refresh_token,
  client_credentials,
  password,
  token_exchange,
  authorization_code,
  jwt_bearer,
  workload,  // jwt_bearer, with an assertion of the gateway's own
  introspection,
  revocation,
};
std::string_view name_of(Flow flow) noexcept;
// What may be used once only: sending it a second time can cost the whole family of tokens.
bool single_use(Flow flow) noexcept;
// The grant stands for the caller, who can renew it; for the others somebody has to act at the gateway.
bool of_caller(Flow flow) noexcept;

enum class Cause : std::uint8_t {
  reauth,     // the grant is dead: a person or the caller has to sign in anew
  config,     // the gateway's own credential or settings are refused
  scope,      // more was asked for than is allowed, or than this caller is
  nonce,      // once more, with the nonce that came
  throttle,   // later, at a stated time
  transient,  // soon
  protocol,   // the answer is not OAuth
  policy,     // the token is good for something else than what was asked for
};
std::string_view name_of(Cause cause) noexcept;

struct OAuthError {
  static constexpr std::size_t kCodeMax = 64;
  static constexpr std::size_t kDescriptionMax = 256;

  Cause cause = Cause::protocol;
  std::string code;         // "invalid_grant"; "" when the server said none
  std::string description;  // what happened, for logs and hints
  int status = 0;           // of HTTP; 0: there was no answer
  bool retryable = false;   // the same question may be answered otherwise
  bool unsent = false;      // nothing reached the server: repeating is safe for every flow
  base::Duration retry_after{};
  base::Duration remember{};         // how long this answer stands for the next one who asks; 0: not at all
  base::Duration remember_spread{};  // up to so much longer, by chance
  std::string nonce;                 // cause nonce
  // refresh_token: what came with an answer that is not used; the one that was shown is spent. For who asked,
  // who keeps it and takes it out: no error that is remembered has one.
  base::Secret successor;
  std::string advice;     // what to do, where there is more to say than the cause does; "": no more
  std::string step = {};  // "registration at i.test": what was asked for, and of whom; "": a token
};

template <class T>
using OAuthResult = boost::system::result<T, OAuthError>;

// In one line: the step, the code, the description, as far as there are any.
std::string said(OAuthError const& error);

// What the caller of a tool learns. Never an upstream failure: the server of the tool has not been asked, so
// neither its breaker nor what stands in for it is concerned. `scopes`: what was asked for.
base::Error error_for_caller(OAuthError const& error, Flow flow, std::vector<std::string> const& scopes);

// Printable ASCII of `text`, at most `characters`; addresses, runs that look like tokens and each of
// `secrets` are left out.
std::string cleaned(std::string_view text, std::size_t characters,
                    std::vector<std::string_view> const& secrets);

}  // namespace weir::oauth
