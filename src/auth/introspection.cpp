#include "auth/introspection.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "net/retry_after.hpp"

namespace weir::auth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Secret;

namespace {

constexpr int kOk = 200;
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_plain(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

// For a form; three bytes for one at most, so `out` never grows where that is reserved.
void append_escaped(std::string& out, std::string_view text) {
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      out += c;
    } else {
      out.append(1, '%').append(1, kHexDigits[byte >> 4U]).append(1, kHexDigits[byte & 15U]);
    }
  }
}

Secret wiped(std::string& text) {
  Secret kept(text);
  explicit_bzero(text.data(), text.size());
  return kept;
}

Secret basic(std::string_view name, std::string_view password) {
  std::string pair;
  pair.reserve(3 * (name.size() + password.size()) + 1);
  append_escaped(pair, name);
  pair += ':';
  append_escaped(pair, password);
  std::string text("Basic ");
  std::size_t const scheme = text.size();
  text.resize(scheme + (pair.size() + 2) / 3 * 4 + 1);
  int const size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + scheme),
                      reinterpret_cast<unsigned char const*>(pair.data()), static_cast<int>(pair.size()));
  text.resize(scheme + static_cast<std::size_t>(size));
  explicit_bzero(pair.data(), pair.size());
  return wiped(text);
}

}  // namespace

base::Result<net::FetchRequest> introspection_request(config::Introspection const& settings,
                                                      std::string_view token) {
  auto url = net::parse_url(settings.url);
  if (!url) return url.error();
  net::FetchRequest request;
  request.method = "POST";
  request.url = *std::move(url);
  request.fields.emplace_back("Accept", Secret("application/json"));
  request.fields.emplace_back("Content-Type", Secret("application/x-www-form-urlencoded"));
  request.fields.emplace_back("Authorization", basic(settings.client_id, settings.client_secret.reveal()));
  std::string body;
  body.reserve(3 * token.size() + 64);
  body = "token_type_hint=access_token&token=";
  append_escaped(body, token);
  request.body = wiped(body);
  return request;
}

base::Result<std::optional<TokenCaller>> read_introspection(net::FetchedReply const& reply,
                                                            config::Introspection const& settings,
                                                            std::string_view digest, base::WallTime now) {
  if (reply.status == 401 || reply.status == 403) {
    return Error(Fault::config, Blame::gateway, "the issuer does not accept client_id and client_secret");
  }
  if (reply.status == 429) {
    auto const wait = net::retry_after(reply.field("retry-after"), reply.field("date"));
    return Error(Fault::throttled, Blame::upstream, "the issuer has too much to do")
        .again_in(std::max(wait.value_or(std::chrono::seconds{10}), base::Duration{std::chrono::seconds{1}}));
  }
  if (reply.status != kOk) {
    return Error(Fault::unavailable, Blame::upstream, fmt::format("the issuer answered {}", reply.status));
  }
  auto const object = jose::JsonObject::parse(reply.body);
  auto const active = object ? object->flag("active") : std::nullopt;
  if (!active) return Error(Fault::protocol, Blame::upstream, "the answer has no `active`");
  std::optional<TokenCaller> nobody;
  if (!*active) return nobody;
  if (object->has("iss") && object->text("iss") != settings.issuer) return nobody;
  if (object->has("cnf")) return nobody;  // good only with proof of a key, which is not looked at here
  TokenCaller caller;
  caller.until = base::WallTime::max();
  if (object->has("exp")) {
    auto const expires = object->seconds("exp");
    if (!expires) return nobody;  // nobody can say how long it would be good
    caller.until = base::WallTime{std::chrono::seconds{*expires}};
  }
  if (now >= caller.until) return nobody;
  auto entrances = entrances_of(object->texts("aud").value_or(std::vector<std::string>{}), settings.audience);
  caller.everywhere = entrances.everywhere;
  caller.endpoints = std::move(entrances.endpoints);
  if (!caller.everywhere && caller.endpoints.empty()) return nobody;
  auto who = principal_of(*object, settings.claims, settings.issuer, "opaque", digest);
  if (!who) return nobody;
  if (!caller.everywhere) who->endpoints = caller.endpoints;
  who->until = caller.until;
  caller.principal = std::make_shared<core::Principal const>(*std::move(who));
  return std::optional<TokenCaller>(std::move(caller));
}

}  // namespace weir::auth
