// SigningKey: a private key that makes tokens: assertions by which Weir proves who it is (private_key_jwt,
// RFC 7523), and the tokens of tests.
//
// Immutable; any thread. The key's text is wiped; what is made is a Secret.
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
  std::string public_jwk(std::string_view key_id) const;  // a JSON object for a key set

  struct Material;

 private:
  SigningKey(Algorithm algorithm, std::shared_ptr<Material const> material) noexcept;
  Algorithm algorithm_;
  std::shared_ptr<Material const> material_;
};

}  // namespace weir::jose
