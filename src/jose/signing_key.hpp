// SigningKey: a private key that makes tokens: assertions by which Weir proves who it is (private_key_jwt,
// RFC 7523), and the tokens of tests.
//
// Immutable; any thread. The key's text is wiped; what is made is a Secret.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "jose/algorithm.hpp"

namespace weir::jose {

class SigningKey {
 public:
  // `pem`: PKCS #8, or the older forms for RSA and EC, without a pass phrase. Errors (config): not a private
  // key, or not one for `algorithm`.
  static base::Result<SigningKey> from_pem(base::Secret const& pem, Algorithm algorithm);
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
