#include "auth/token_caller.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace weir::auth {
namespace {

constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kListedMax = 1000;

// Fit to be a name in logs, tables and keys: something, of bounded length, without control characters.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::optional<std::string> one_name(jose::JsonObject const& claims, std::string_view path) {
  auto texts = claims.texts_at(path);
  if (!texts || texts->size() != 1 || !is_name(texts->front())) return std::nullopt;
  return std::move(texts->front());
}

void append_words(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    auto const word = text.substr(0, text.find(' '));
    if (!word.empty() && out.size() < kListedMax) out.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
}

}  // namespace

bool TokenCaller::may_enter(std::string_view endpoint) const noexcept {
  if (everywhere) return true;
  return !endpoint.empty() && std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
}

Entrances entrances_of(std::vector<std::string> const& named, std::string_view audience) {
  Entrances found;
  bool const url = audience.starts_with("https://") || audience.starts_with("http://");
  for (auto const& one : named) {
    if (audience.empty()) break;
    if (one == audience) found.everywhere = true;
    bool const below = url && one.size() > audience.size() + 1 && one.starts_with(audience) &&
                       one[audience.size()] == '/' && found.endpoints.size() < kListedMax;
    if (below) found.endpoints.push_back(one.substr(audience.size() + 1));
  }
  return found;
}

std::vector<std::string> scopes_of(jose::JsonObject const& claims) {
  std::vector<std::string> scopes;
  for (auto const name : {"scope", "scp"}) {
    auto const texts = claims.texts(name);
    if (!texts) continue;
    for (auto const& text : *texts) append_words(text, scopes);
  }
  return scopes;
}

bool has_all(std::vector<std::string> const& held, std::vector<std::string> const& needed) noexcept {
  return std::all_of(needed.begin(), needed.end(),
                     [&](auto const& one) { return std::find(held.begin(), held.end(), one) != held.end(); });
}

std::optional<core::Principal> principal_of(jose::JsonObject const& claims, config::ClaimNames const& names,
                                            std::string_view issuer, std::string_view kind,
                                            std::string_view credential) {
  auto subject = one_name(claims, names.principal);
  if (!subject) return std::nullopt;
  core::Principal who;
  who.kind = kind;
  who.credential = credential;
  if (!names.tenant.empty()) {
    auto tenant = one_name(claims, names.tenant);
    if (!tenant) return std::nullopt;
    who.tenant = *std::move(tenant);
  }
  who.id = core::subject_id(issuer, *subject, who.tenant);
  who.subject = *std::move(subject);
  if (auto groups = claims.texts_at(names.groups)) {
    if (groups->size() > kListedMax) groups->resize(kListedMax);
    who.groups = *std::move(groups);
  }
  who.scopes = scopes_of(claims);
  return who;
}

std::shared_ptr<core::SubjectToken const> subject_token(std::string_view token, core::Principal const& who,
                                                        std::string_view issuer, base::WallTime until) {
  core::SubjectToken made;
  made.text = base::Secret(token);
  made.issuer = issuer;
  made.subject = who.subject;
  made.tenant = who.tenant;
  made.expires = until;
  return std::make_shared<core::SubjectToken const>(std::move(made));
}

std::string token_digest(std::string_view token) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(token.data(), token.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

}  // namespace weir::auth
