// SigningKey: a private key that makes tokens: assertions by which Weir proves who it is (private_key_jwt,
// RFC 7523), proofs that it holds the key which a token is bound to (DPoP, RFC 9449), and the tokens of
// tests.
//
// Immutable; any thread. The key's text is wiped; what is made is a Secret. Sources: RFC 7515, RFC 7638.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "jose/algorithm.hpp"

namespace weir::jose {

class SigningKey {
 public:
  // `pem`: PKCS #8, or the older forms for RSA and EC, without a pass phrase. Without an algorithm it is the
  // usual one of the key. Errors (config): not a private key, one of a kind or size that is not used (RSA
  // below kRsaBitsMin), or not one for `algorithm`.
  static base::Result<SigningKey> from_pem(base::Secret const& pem, std::optional<Algorithm> algorithm);
  // As above, from the members of a private JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037), which
  // `member` gives by name; empty where there is none. The public members must be those of the private ones.
  using JwkMember = std::function<base::Secret(std::string_view name)>;
  static base::Result<SigningKey> from_jwk(JwkMember const& member, std::optional<Algorithm> algorithm);
  static constexpr int kRsaBitsMin = 2048;
  // A new one. Errors: internal.
  static base::Result<SigningKey> generate(Algorithm algorithm);

  Algorithm algorithm() const noexcept { return algorithm_; }
  // `claims`: a JSON object. `key_id` and `type` go into the header unless empty. Errors: internal.
  base::Result<base::Secret> sign(std::string_view claims, std::string_view key_id,
                                  std::string_view type = "JWT") const;
  // As above, with the public key itself in the header (`jwk`, and nothing else of it).
  base::Result<base::Secret> sign_showing_key(std::string_view claims, std::string_view type) const;
  std::string public_jwk(std::string_view key_id) const;  // a JSON object for a key set
  base::Secret private_jwk() const;                       // what from_jwk() reads
  std::string thumbprint() const;                         // SHA-256 of the public key, base64url

  struct Material;

 private:
  SigningKey(Algorithm algorithm, std::shared_ptr<Material const> material) noexcept;
  base::Result<base::Secret> sign_under(std::string_view claims, std::string_view key_id,
                                        std::string_view type, std::string const& jwk) const;
  Algorithm algorithm_;
  std::shared_ptr<Material const> material_;
};

}  // namespace weir::jose
