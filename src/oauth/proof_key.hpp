// ProofKey: the gateway's key that tokens are bound to, and what it signs to prove that it holds it (DPoP).
//
// A proof is for one request: its method, its address without query and fragment, the time, an id that is
// never used twice, the nonce that the server wants, and where a token is shown, the hash of that token. Its
// header holds the public key and nothing else of it. Immutable, any thread, as its source of chance is.
// Errors: config, what is wrong with a key; internal, nothing could be signed. Source: RFC 9449 4.2.
#pragma once

#include "base/random.hpp"
#include "jose/signing_key.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

inline constexpr jose::Algorithm kProofAlgorithm =
    jose::Algorithm::es256;  // known by every server (RFC 9449 5.1)

struct ProofKeyOptions {
  base::Secret text;      // PEM or a JSON Web Key; empty: a new key, which nobody else knows
  std::string algorithm;  // "": as a JSON Web Key says, else the usual one of the key; of a new one ES256
};

class ProofKey final : public KeyProver {
 public:
  ProofKey(jose::SigningKey key, base::Random& random);

  base::Result<base::Secret> proof(Proven const& of, base::WallTime now) const override;
  std::string const& thumbprint() const noexcept override { return thumbprint_; }
  std::string_view algorithm() const noexcept override { return jose::name_of(key_.algorithm()); }
  base::Secret written() const override { return key_.private_jwk(); }

 private:
  jose::SigningKey key_;
  std::string thumbprint_;
  base::Random& random_;
};

base::Result<std::shared_ptr<KeyProver const>> proof_key(ProofKeyOptions const& options,
                                                         base::Random& random);

// Why proofs of this key are no use at an issuer that knows `algorithms`; empty: it does not say which.
std::optional<OAuthError> unfit_for(std::vector<std::string> const& algorithms, KeyProver const& key);

}  // namespace weir::oauth
