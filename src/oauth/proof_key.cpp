#include "oauth/proof_key.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/base64url.hpp"
#include "mcp/json_text.hpp"
#include "oauth/client_key.hpp"
#include "oauth/error_table.hpp"

namespace weir::oauth {

using base::Secret;

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

std::string hash_of(std::string_view token) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(token.data()), token.size(), digest);
  return base::to_base64url({reinterpret_cast<char const*>(digest), sizeof digest});
}

}  // namespace

ProofKey::ProofKey(jose::SigningKey key, base::Random& random)
    : key_(std::move(key)), thumbprint_(key_.thumbprint()), random_(random) {}

base::Result<Secret> ProofKey::proof(Proven const& of, base::WallTime now) const {
  auto const at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  auto claims =
      fmt::format(R"({{"jti":"{}","htm":{},"htu":{},"iat":{})", random_.token(16), json_string(of.method),
                  json_string(of.url.substr(0, of.url.find_first_of("?#"))), at);
  if (!of.token.empty()) claims += R"(,"ath":")" + hash_of(of.token) + '"';
  if (!of.nonce.empty()) claims += R"(,"nonce":)" + json_string(of.nonce);
  return key_.sign_showing_key(claims + "}", "dpop+jwt");
}

base::Result<std::shared_ptr<KeyProver const>> proof_key(ProofKeyOptions const& options,
                                                         base::Random& random) {
  if (!options.text.empty()) {
    auto read = read_private_key({options.text, {}, options.algorithm}, "dpop_key");
    if (!read) return read.error();
    return std::shared_ptr<KeyProver const>(std::make_shared<ProofKey>(std::move(read->key), random));
  }
  auto const algorithm =
      options.algorithm.empty() ? std::optional(kProofAlgorithm) : jose::algorithm_of(options.algorithm);
  if (!algorithm) {
    return base::Error(base::Fault::config, base::Blame::gateway, "dpop_algorithm: no proofs are made by it");
  }
  auto made = jose::SigningKey::generate(*algorithm);
  if (!made) return made.error();
  return std::shared_ptr<KeyProver const>(std::make_shared<ProofKey>(std::move(*made), random));
}

std::optional<OAuthError> unfit_for(std::vector<std::string> const& algorithms, KeyProver const& key) {
  bool const known = std::find(algorithms.begin(), algorithms.end(), key.algorithm()) != algorithms.end();
  if (algorithms.empty() || known) return std::nullopt;
  std::string words;
  for (auto const& one : algorithms) {
    if (jose::algorithm_of(one)) words += (words.empty() ? "" : ", ") + one;
  }
  auto error = misfit(Cause::config, 200,
                      fmt::format("the issuer takes no proofs (DPoP) signed with {}", key.algorithm()));
  error.advice = words.empty() ? "Of the algorithms that the issuer takes Weir has none: switch `dpop` off."
                               : fmt::format("Set `dpop_algorithm`, or `dpop_key`, to one of {}.", words);
  return error;
}

}  // namespace weir::oauth
