#include "jose/token.hpp"

#include <algorithm>
#include <array>

#include "base/base64url.hpp"
#include "jose/internal/public_key.hpp"

namespace weir::jose {
namespace {

constexpr std::size_t kHeaderBytesMax = 4 * 1024;
constexpr std::size_t kKeyIdBytesMax = 256;
// Each changes what a token means. Weir understands none of them, so it must not pass over them.
constexpr std::array<std::string_view, 5> kNotUnderstood{"crit", "b64", "zip", "enc", "epk"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

std::optional<TokenFault> check_type(JsonObject const& header, TokenRules const& rules) {
  if (!header.has("typ")) return std::nullopt;
  auto const given = header.text("typ");
  if (!given) return TokenFault::type;
  auto type = lower(*given);
  constexpr std::string_view kPrefix = "application/";
  if (type.starts_with(kPrefix)) type.erase(0, kPrefix.size());  // RFC 7515 section 4.1.9
  bool const known = std::find(rules.types.begin(), rules.types.end(), type) != rules.types.end();
  return known ? std::nullopt : std::optional(TokenFault::type);
}

struct Parts {
  std::string_view header, payload, signature;
};

std::optional<Parts> split(std::string_view compact) {
  auto const first = compact.find('.');
  auto const second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
               compact.substr(second + 1)};
}

std::optional<TokenFault> read_header(std::string_view encoded, TokenRules const& rules,
                                      UnprovenToken& token) {
  auto const text = encoded.size() <= kHeaderBytesMax ? base::from_base64url(encoded) : std::nullopt;
  auto const header = text ? JsonObject::parse(*text) : std::nullopt;
  if (!header) return TokenFault::header;
  auto const algorithm = algorithm_of(header->text("alg").value_or(""));
  if (!algorithm || !rules.algorithms.has(*algorithm)) return TokenFault::algorithm;
  token.algorithm = *algorithm;
  for (auto const name : kNotUnderstood) {
    if (header->has(name)) return TokenFault::header;
  }
  if (header->has("kid")) {
    auto id = header->text("kid");
    if (!id || id->empty() || id->size() > kKeyIdBytesMax) return TokenFault::header;
    token.key_id = *std::move(id);
  }
  return check_type(*header, rules);
}

}  // namespace

char const* name_of(TokenFault fault) noexcept {
  switch (fault) {
    case TokenFault::too_long: return "too_long";
    case TokenFault::malformed: return "malformed";
    case TokenFault::algorithm: return "algorithm";
    case TokenFault::header: return "header";
    case TokenFault::type: return "type";
    case TokenFault::issuer: return "issuer";
    case TokenFault::key_unknown: return "key_unknown";
    case TokenFault::signature: return "signature";
    case TokenFault::audience: return "audience";
    case TokenFault::expired: return "expired";
    case TokenFault::not_yet: return "not_yet";
    case TokenFault::subject: return "subject";
    case TokenFault::bound: return "bound";
  }
  return "malformed";
}

TokenResult<UnprovenToken> read_token(std::string_view compact, TokenRules const& rules) {
  if (compact.size() > kTokenBytesMax) return TokenFault::too_long;
  auto const parts = split(compact);
  if (!parts) return TokenFault::malformed;
  auto const payload = base::from_base64url(parts->payload);
  auto claims = payload ? JsonObject::parse(*payload) : std::nullopt;
  if (!claims) return TokenFault::malformed;
  if (rules.issuer.empty() || claims->text("iss") != rules.issuer) return TokenFault::issuer;
  auto signature = base::from_base64url(parts->signature);
  if (!signature) return TokenFault::signature;
  UnprovenToken token{.compact = compact,
                      .signed_part = compact.substr(0, parts->header.size() + 1 + parts->payload.size()),
                      .signature = base::Secret(*signature),
                      .algorithm = {},
                      .key_id = {},
                      .claims = *std::move(claims)};
  explicit_bzero(signature->data(), signature->size());
  if (auto const fault = read_header(parts->header, rules, token)) return *fault;
  return token;
}

TokenResult<ProvenToken> prove_token(UnprovenToken token, TokenRules const& rules, KeySet const& keys,
                                     base::WallTime now) {
  auto const* const key = keys.find(token.key_id, token.algorithm);
  if (key == nullptr) return TokenFault::key_unknown;
  if (!key->material->verifies(token.compact, token.signed_part, token.signature.reveal())) {
    return TokenFault::signature;
  }
  auto const& claims = token.claims;
  if (claims.has("cnf")) return TokenFault::bound;  // by DPoP or TLS: shown as a bearer it may be stolen
  auto const skew = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::clamp(rules.skew, base::Duration{}, kSkewMax));
  auto const at = [](std::int64_t seconds) { return base::WallTime{std::chrono::seconds{seconds}}; };
  auto const expires = claims.seconds("exp");
  if (!expires || now >= at(*expires) + skew) return TokenFault::expired;
  for (auto const name : {"nbf", "iat"}) {
    if (!claims.has(name)) continue;
    auto const begins = claims.seconds(name);
    if (!begins || now + skew < at(*begins)) return TokenFault::not_yet;
  }
  auto audience = claims.texts("aud");
  if (!audience || audience->empty()) return TokenFault::audience;
  return ProvenToken{std::move(token.claims), rules.issuer, *std::move(audience), at(*expires)};
}

}  // namespace weir::jose
