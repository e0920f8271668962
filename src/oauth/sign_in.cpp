#include "oauth/sign_in.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <optional>

#include "base/base64url.hpp"
#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

constexpr std::size_t kReturnedMax = 16 * 1024;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    bool const escape = text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 &&
                        hex_digit(text[at + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
      at += 2;
    } else {
      out += text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

// The parameters that mean something here.
struct Answer {
  std::optional<std::string> state, issuer, error, description, code;
  bool repeats = false;  // nobody knows which one was meant (RFC 6749 3.1)

  explicit Answer(std::string_view query) {
    while (!query.empty()) {
      auto const pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
      auto const equals = pair.find('=');
      auto* const into = place_of(decoded(pair.substr(0, equals)));
      if (into == nullptr) continue;
      repeats = repeats || *into;
      *into = equals == std::string_view::npos ? "" : decoded(pair.substr(equals + 1));
    }
  }
  Answer(Answer const&) = delete;
  Answer& operator=(Answer const&) = delete;
  ~Answer() {
    if (code) explicit_bzero(code->data(), code->size());
  }

 private:
  std::optional<std::string>* place_of(std::string_view name) noexcept {
    if (name == "state") return &state;
    if (name == "iss") return &issuer;
    if (name == "error") return &error;
    if (name == "error_description") return &description;
    return name == "code" ? &code : nullptr;
  }
};

bool same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// RFC 6749 A.11 allows no others, and nothing else may get into a form or a log.
bool is_code(std::string_view text) noexcept {
  constexpr std::size_t kCodeMax = 4096;
  return !text.empty() && text.size() <= kCodeMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

OAuthError foreign(char const* why) { return misfit(Cause::policy, 0, why); }

OAuthError over(std::string code, std::string description) {
  auto error = misfit(Cause::reauth, 0, std::move(description));
  error.code = std::move(code);
  error.remember = {};
  return error;
}

}  // namespace

std::string code_challenge(std::string_view verifier) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(verifier.data()), verifier.size(), digest);
  return base::to_base64url({reinterpret_cast<char const*>(digest), sizeof digest});
}

SignIn::SignIn(SignInAt at, base::Random& random, base::TimePoint now)
    : at_(std::move(at)), state_(random.token(16)), verifier_(random.token(32)), until_(now + kLifeMax) {
  Form form;
  form.add("response_type", "code");
  form.add("client_id", at_.client_id);
  form.add("redirect_uri", at_.redirect_uri);
  form.add("code_challenge", code_challenge(verifier_.reveal()));
  form.add("code_challenge_method", "S256");
  form.add("state", state_);
  std::string scopes;
  for (auto const& scope : at_.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  if (!scopes.empty()) form.add("scope", scopes);
  // Without it OpenID issuers give nothing to renew tokens with (OpenID Connect Core 11).
  bool const offline = std::find(at_.scopes.begin(), at_.scopes.end(), kOffline) != at_.scopes.end();
  if (offline) form.add("prompt", "consent");
  if (!at_.resource.empty()) form.add("resource", at_.resource);
  if (!at_.bound_key.empty()) form.add("dpop_jkt", at_.bound_key);
  url_ = at_.authorization_endpoint.text();
  url_ += url_.find('?') == std::string::npos ? '?' : '&';
  url_ += form.text();
}

OAuthResult<base::Secret> SignIn::returned(std::string_view address, base::TimePoint now) {
  if (address.size() > kReturnedMax) return foreign("what came back is too long");
  auto query = address.substr(0, address.find('#'));
  if (auto const begin = query.find('?'); begin != std::string_view::npos) query.remove_prefix(begin + 1);
  Answer const came(query);
  if (came.repeats || !came.state || !same_secret(*came.state, state_)) {
    return foreign("this is not the answer to this sign-in");
  }
  bool const wrong_issuer = came.issuer ? *came.issuer != at_.issuer : at_.issuer_returned;
  if (wrong_issuer) return foreign("the answer is of another issuer");
  if (used_) return over("", "this sign-in was used already");
  if (now >= until_) return over("", "this sign-in took too long");
  if (came.error) {
    used_ = true;
    return over(cleaned(*came.error, OAuthError::kCodeMax, {}),
                cleaned(came.description.value_or(""), OAuthError::kDescriptionMax, {}));
  }
  if (!came.code || !is_code(*came.code)) return foreign("the answer holds no code");
  used_ = true;
  return base::Secret(*came.code);
}

}  // namespace weir::oauth
