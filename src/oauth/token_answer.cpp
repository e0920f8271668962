#include "oauth/token_answer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/base64url.hpp"
#include "oauth/error_table.hpp"
#include "oauth/flat_object.hpp"
#include "oauth/nonce_book.hpp"

namespace weir::oauth {

using base::Duration;

namespace {

constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kJwt = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::string_view kIdJag = "urn:ietf:params:oauth:token-type:id-jag";
constexpr std::int64_t kWallMax = 253'402'300'799;  // the end of the year 9999

bool equal_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto const end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Visible ASCII: what may stand in a header and in a form.
bool sendable(std::string_view token) noexcept {
  return !token.empty() && token.size() <= kTokenBytesMax &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

OAuthError wrong(int status, char const* what) { return misfit(Cause::protocol, status, what); }

// Serialisers write null for what is absent.
bool present(FlatObject const& object, std::string_view name) noexcept {
  auto const token = object.raw(name);
  return !token.empty() && token != "null";
}

// Of a JSON number, rounded down; issuers that count in floating point write "3600.0" or "3.6e3".
std::optional<std::int64_t> whole_seconds(FlatObject const& object, std::string_view name) noexcept {
  if (auto const number = object.integer(name)) return number;
  auto const token = object.raw(name);
  double number = 0;
  auto const parsed = std::from_chars(token.data(), token.data() + token.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != token.data() + token.size()) return std::nullopt;
  number = std::floor(number);
  if (!(number > -0x1p63 && number < 0x1p63)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

// A number, or a whole one in quotes: issuers that write it so are old and many.
std::optional<std::int64_t> seconds_in(FlatObject const& object, std::string_view name) {
  auto const text = object.text(name);
  if (!text) return whole_seconds(object, name);
  std::int64_t number = 0;
  auto const parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text->data() + text->size()) return std::nullopt;
  return number;
}

OAuthResult<base::Secret> token_in(FlatObject const& object, std::string_view name, int status) {
  auto text = object.text(name);
  if (!text || !sendable(*text)) {
    if (text) explicit_bzero(text->data(), text->size());
    return wrong(status, "the answer holds no usable token");
  }
  base::Secret token(*text);
  explicit_bzero(text->data(), text->size());
  return token;
}

std::optional<OAuthError> check_type(FlatObject const& object, Expected const& expected, int status) {
  auto const type = object.text("token_type").value_or("");
  bool const assertion = expected.issued_type == kIdJag;
  if (equal_word(type, assertion ? "N_A" : expected.key_bound ? "dpop" : "bearer")) return std::nullopt;
  if (assertion || !expected.key_bound || !equal_word(type, "bearer")) {
    return wrong(status, "the type of the token is none that Weir can send");
  }
  auto error =
      misfit(Cause::policy, status,
             "the issuer gave a bearer token, where `dpop` asks for one that is bound to Weir's key");
  error.advice =
      "Weir does not use less than `dpop` asks for: the issuer has to bind tokens for this client.";
  return error;
}

std::optional<OAuthError> check_issued(FlatObject const& object, Expected const& expected, int status,
                                       TokenAnswer& answer) {
  answer.issued_type = object.text("issued_token_type").value_or("");
  if (expected.flow != Flow::token_exchange) return std::nullopt;
  bool const asked = !expected.issued_type.empty();
  bool const fits = asked ? answer.issued_type == expected.issued_type
                          : answer.issued_type == kAccessToken || answer.issued_type == kJwt;
  if (fits) return std::nullopt;
  return wrong(status, answer.issued_type.empty()
                           ? "the answer does not say which type of token it brings"
                           : "the answer brings another type of token than was asked for");
}

std::optional<OAuthError> check_scopes(FlatObject const& object, Expected const& expected, int status,
                                       TokenAnswer& answer) {
  if (!present(object, "scope")) return std::nullopt;
  auto const text = object.text("scope");
  if (!text) return wrong(status, "the answer's scope is not a text");
  answer.scopes = words_of(*text);
  if (expected.scopes.empty()) return std::nullopt;
  bool const wider = std::any_of(answer.scopes.begin(), answer.scopes.end(), [&](auto const& scope) {
    return std::find(expected.scopes.begin(), expected.scopes.end(), scope) == expected.scopes.end();
  });
  if (wider) return misfit(Cause::policy, status, "the token has scopes that were not asked for");
  return std::nullopt;
}

std::optional<OAuthError> check_claims(Expected const& expected, int status, TokenAnswer& answer) {
  auto const claims = peek(answer.access_token.reveal());
  if (!claims) return std::nullopt;
  if (claims->repeats) return wrong(status, "the token says something twice");
  answer.expires_at = claims->expires_at;
  bool const other_key = expected.key_bound && !expected.bound_key.empty() && !claims->bound_key.empty() &&
                         claims->bound_key != expected.bound_key;
  if (other_key) return misfit(Cause::policy, status, "the token is bound to another key than Weir's");
  if (claims->audiences.empty() || expected.audiences.empty()) return std::nullopt;
  for (auto const& audience : claims->audiences) {
    for (auto const& asked : expected.audiences) {
      if (same_resource(audience, asked)) return std::nullopt;
    }
  }
  return misfit(Cause::policy, status, "the token is for another audience than was asked for");
}

std::optional<OAuthError> check_token(FlatObject const& object, Expected const& expected, int status,
                                      TokenAnswer& answer) {
  if (auto error = check_type(object, expected, status)) return error;
  if (present(object, "expires_in")) {
    auto const seconds = seconds_in(object, "expires_in");
    if (!seconds || *seconds <= 0) return wrong(status, "expires_in is not a time from now");
    auto const most = std::chrono::duration_cast<std::chrono::seconds>(TokenAnswer::kLifeMax).count();
    answer.expires_in = std::chrono::seconds{std::min<std::int64_t>(*seconds, most)};
  }
  if (auto error = check_issued(object, expected, status, answer)) return error;
  if (auto error = check_scopes(object, expected, status, answer)) return error;
  return check_claims(expected, status, answer);
}

OAuthResult<TokenAnswer> read_token(FlatObject const& object, Expected const& expected, int status) {
  TokenAnswer answer;
  auto token = token_in(object, "access_token", status);
  if (!token) return token.error();
  answer.access_token = std::move(*token);
  auto unfit = check_token(object, expected, status, answer);
  if (present(object, "refresh_token") && object.raw("refresh_token") != R"("")") {
    auto refresh = token_in(object, "refresh_token", status);
    if (!refresh) return unfit ? std::move(*unfit) : refresh.error();
    answer.refresh_token = std::move(*refresh);
  }
  if (!unfit) return answer;
  if (expected.flow == Flow::refresh_token) unfit->successor = std::move(answer.refresh_token);
  return std::move(*unfit);
}

}  // namespace

OAuthResult<TokenAnswer> read_answer(net::FetchedReply const& reply, Expected const& expected,
                                     std::vector<std::string_view> const& secrets) {
  int const status = reply.status;
  bool const fits = reply.body.size() <= kAnswerBytesMax;
  auto const object = fits ? FlatObject::parse(reply.body) : std::nullopt;
  bool const refused = object && present(*object, "error");
  if (status < 200 || status >= 300 || refused) {
    Seen seen{status};
    seen.of_caller = of_caller(expected.flow);
    seen.retry_after = reply.field("retry-after");
    seen.date = reply.field("date");
    if (auto const nonce = reply.field("dpop-nonce"); NonceBook::is_nonce(nonce)) seen.nonce = nonce;
    if (object) {
      seen.code = object->text("error").value_or("");
      seen.description =
          cleaned(object->text("error_description").value_or(""), OAuthError::kDescriptionMax, secrets);
    }
    return refusal(seen);
  }
  if (!object) return wrong(status, "the answer is not a JSON object");
  if (object->repeats()) return wrong(status, "the answer says something twice");
  if (expected.flow != Flow::introspection) return read_token(*object, expected, status);
  TokenAnswer answer;
  answer.active = object->boolean("active");
  if (!answer.active) return wrong(status, "the answer does not say whether the token is active");
  return answer;
}

std::optional<PeekedClaims> peek(std::string_view token) {
  auto const first = token.find('.');
  auto const second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  auto payload = base::from_base64url(token.substr(first + 1, second - first - 1), base::SpareBits::any);
  if (!payload) return std::nullopt;
  auto const object = FlatObject::parse(*payload);
  if (!object) return std::nullopt;
  PeekedClaims claims;
  claims.repeats = object->repeats();
  if (auto const exp = whole_seconds(*object, "exp"); exp && *exp >= 0) {
    claims.expires_at = base::WallTime{std::chrono::seconds{std::min(*exp, kWallMax)}};
  }
  claims.audiences = object->texts("aud").value_or(std::vector<std::string>());
  if (auto const confirmed = FlatObject::parse(object->raw("cnf"))) {
    claims.bound_key = confirmed->text("jkt").value_or("");
    claims.repeats = claims.repeats || confirmed->repeats();
  }
  explicit_bzero(payload->data(), payload->size());
  return claims;
}

bool same_resource(std::string_view a, std::string_view b) noexcept {
  if (a.ends_with('/')) a.remove_suffix(1);
  if (b.ends_with('/')) b.remove_suffix(1);
  return a == b;
}

}  // namespace weir::oauth
