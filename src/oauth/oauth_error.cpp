#include "oauth/oauth_error.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "oauth/kept_sign_in.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

constexpr std::size_t kTokenLikeMin = 24;  // a run so long without a gap is no word
constexpr std::string_view kHidden = "(hidden)";

bool token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

void hide_all(std::string& text, std::string_view secret) {
  if (secret.size() < 4) return;  // would hide half the sentence
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kHidden.size())) {
    text.replace(at, secret.size(), kHidden);
  }
}

void hide_addresses(std::string& text) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
    auto const begin = text.find_last_of(" \"'(<", at);
    auto const from = begin == std::string::npos ? 0 : begin + 1;
    auto const end = std::min(text.find_first_of(" \"')>", at), text.size());
    text.replace(from, end - from, "(address)");
    at = from;
  }
}

// Labels in lower case, the last one of letters: operators have to see whom Weir could not reach.
bool is_host(std::string_view run) noexcept {
  auto const dot = run.rfind('.');
  auto const in = [](char from, char to) { return [=](char c) { return c >= from && c <= to; }; };
  if (dot == std::string_view::npos || run.size() - dot < 3) return false;
  auto const top = run.substr(dot + 1);
  return std::all_of(top.begin(), top.end(), in('a', 'z')) &&
         std::all_of(run.begin(), run.end(),
                     [&](char c) { return in('a', 'z')(c) || in('0', '9')(c) || c == '-' || c == '.'; });
}

void hide_tokens(std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && token_character(text[end])) ++end;
    if (end - at >= kTokenLikeMin && !is_host(std::string_view(text).substr(at, end - at))) {
      text.replace(at, end - at, kHidden);
      end = at + kHidden.size();
    }
    at = std::max(end, at + 1);
  }
}

std::string words(std::vector<std::string> const& scopes) {
  std::string text;
  for (auto const& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

// What metadata of others say is not bounded by their reader; a challenge has to be.
std::vector<std::string> namable(std::vector<std::string> const& scopes) {
  constexpr std::size_t kNamedMax = 32;
  std::vector<std::string> some;
  for (auto const& scope : scopes) {
    if (some.size() < kNamedMax && is_scope(scope)) some.push_back(scope);
  }
  return some;
}

}  // namespace

std::string said(OAuthError const& error) {
  std::string line = error.step;
  for (auto const& part : {error.code, error.description}) {
    if (!part.empty()) line += (line.empty() ? "" : ": ") + part;
  }
  return line;
}

std::string_view name_of(Flow flow) noexcept {
  switch (flow) {
    case Flow::refresh_token: return "refresh_token";
    case Flow::client_credentials: return "client_credentials";
    case Flow::password: return "password";
    case Flow::token_exchange: return "token_exchange";
    case Flow::authorization_code: return "authorization_code";
    case Flow::jwt_bearer: return "jwt_bearer";
    case Flow::workload: return "workload";
    case Flow::revocation: return "revocation";
    case Flow::introspection: break;
  }
  return "introspection";
}

bool single_use(Flow flow) noexcept {
  return flow == Flow::refresh_token || flow == Flow::authorization_code || flow == Flow::jwt_bearer;
}

bool of_caller(Flow flow) noexcept { return flow == Flow::token_exchange || flow == Flow::jwt_bearer; }

std::string_view name_of(Cause cause) noexcept {
  switch (cause) {
    case Cause::reauth: return "reauth";
    case Cause::config: return "config";
    case Cause::scope: return "scope";
    case Cause::nonce: return "nonce";
    case Cause::throttle: return "throttle";
    case Cause::transient: return "transient";
    case Cause::protocol: return "protocol";
    case Cause::policy: break;
  }
  return "policy";
}

namespace {

// The grant is refused. Only a refresh token is a sign-in that can end.
Error refused_grant(std::string detail, Flow flow) {
  if (of_caller(flow)) {
    return Error(Fault::unauthenticated, Blame::client, std::move(detail))
        .advise("The token of this caller is not accepted there any more; sign in again.");
  }
  Error error(Fault::config, Blame::gateway, std::move(detail));
  if (flow == Flow::workload) {
    return std::move(error).advise(
        "The issuer does not take the assertion that Weir shows; an operator has to look at it.");
  }
  if (flow == Flow::client_credentials) {
    return std::move(error).advise(
        "The issuer refuses the grant `client_credentials` to Weir's client; an operator has to look at "
        "`grant` and `client_id` in the server's `auth`, and at what the issuer allows that client.");
  }
  if (flow == Flow::password) {
    return std::move(error).advise(
        "The issuer does not take this user with this password; an operator has to look at `username` and "
        "`password` in the server's `auth`.");
  }
  return std::move(error).advise("Weir's own sign-in at the server has ended; an operator has to renew it.");
}

// No challenge for a caller who is denied: other scopes are no cure.
Error not_allowed(OAuthError const& error, std::string detail, std::vector<std::string> const& scopes) {
  Error denied(Fault::denied, Blame::client, std::move(detail));
  if (error.code == "access_denied") {
    return std::move(denied).advise(
        "The issuer denies this caller the use of the server; whoever administers it can allow it.");
  }
  return std::move(denied)
      .for_want_of(namable(scopes))
      .advise(scopes.empty() ? "The issuer does not grant what this server needs."
                             : fmt::format("This needs the scopes: {}.", words(scopes)));
}

Error by_cause(OAuthError const& error, Flow flow, std::vector<std::string> const& scopes) {
  std::string const detail = fmt::format("{}{}, {}: {}", error.step.empty() ? "token endpoint, " : "",
                                         name_of(flow), name_of(error.cause), said(error));
  switch (error.cause) {
    case Cause::reauth: return refused_grant(detail, flow);
    case Cause::scope: return not_allowed(error, detail, scopes);
    case Cause::throttle:
      return Error(Fault::throttled, Blame::gateway, detail)
          .again_in(error.retry_after)
          .advise("The issuer of the server's tokens asks for patience.");
    case Cause::transient:
      return Error(Fault::unavailable, Blame::gateway, detail)
          .again_in(std::chrono::seconds{1})
          .advise("The issuer of the server's tokens does not answer.");
    case Cause::nonce:
    case Cause::config:
      return Error(Fault::config, Blame::gateway, detail)
          .advise("The gateway's credential was rejected; an operator has to look at the server's `auth`.");
    case Cause::protocol:
      return Error(Fault::config, Blame::gateway, detail)
          .advise("What the server's token endpoint answers cannot be used.");
    case Cause::policy: break;
  }
  return Error(Fault::config, Blame::gateway, detail)
      .advise("The issuer gave a token for something else than what was asked for; it is not used.");
}

}  // namespace

Error error_for_caller(OAuthError const& error, Flow flow, std::vector<std::string> const& scopes) {
  auto told = by_cause(error, flow, scopes);
  return error.advice.empty() ? told : std::move(told).advise(error.advice);
}

std::string cleaned(std::string_view text, std::size_t characters,
                    std::vector<std::string_view> const& secrets) {
  constexpr std::size_t kLookedAt = 4096;
  std::string out(text.substr(0, kLookedAt));
  for (auto const secret : secrets) hide_all(out, secret);
  for (auto& c : out) {
    if (c < 0x20 || c > 0x7e) c = ' ';
  }
  hide_addresses(out);
  hide_tokens(out);
  if (out.size() > characters) out.resize(characters);
  return out;
}

}  // namespace weir::oauth
