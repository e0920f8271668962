#include "auth/authenticator.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace weir::auth {
namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr std::size_t kTokenBytesMax = 16 * 1024;

// What follows "Bearer ", or nothing.
std::string_view bearer_of(std::string_view authorization) {
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    char const c = authorization[i];
    if (static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c) != kScheme[i]) return {};
  }
  return authorization.substr(kScheme.size());
}

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

Authenticator::Authenticator(std::vector<std::string> const& methods, std::vector<config::ApiKey> const& keys)
    : keys_wanted_(!methods.empty()),
      anonymous_(std::make_shared<core::Principal const>(core::Principal{"anonymous", "anonymous", {}})) {
  if (std::find(methods.begin(), methods.end(), "keys") == methods.end()) return;
  for (auto const& key : keys) {
    core::Principal principal{"key:" + key.name, "key", key.groups,
                              std::string(key.sha256.begin(), key.sha256.end())};
    keys_.push_back(Key{key.sha256, key.expires.value_or(base::WallTime::max()),
                        std::make_shared<core::Principal const>(std::move(principal))});
  }
}

base::Result<std::shared_ptr<core::Principal const>> Authenticator::identify(std::string_view authorization,
                                                                             base::WallTime now) const {
  if (!keys_wanted_) return anonymous_;
  base::Error const refused(base::Fault::unauthenticated, base::Blame::client,
                            authorization.empty() ? "no credential" : "unknown or expired key");
  auto const token = bearer_of(authorization);
  if (token.empty() || token.size() > kTokenBytesMax) return refused;
  auto const digest = sha256(token);
  Key const* match = nullptr;
  for (auto const& key : keys_) {  // all of them, so that time does not tell which one came close
    if (CRYPTO_memcmp(key.sha256.data(), digest.data(), digest.size()) == 0) match = &key;
  }
  if (match == nullptr || now >= match->expires) return refused;
  return match->principal;
}

}  // namespace weir::auth
