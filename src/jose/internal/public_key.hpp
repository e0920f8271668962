// PublicKey: one key in the hands of the library that checks with it.
//
// Immutable, any thread. libcjose does RSA and the NIST curves; it has no Ed25519, so OpenSSL does that one.
#pragma once

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "jose/algorithm.hpp"
#include "jose/json_object.hpp"

namespace weir::jose {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* held) const noexcept {
    release(held);
  }
};

using CjoseKey = std::unique_ptr<cjose_jwk_t, Release<cjose_jwk_release>>;
using CjoseHeader = std::unique_ptr<cjose_header_t, Release<cjose_header_release>>;
using CjoseSigned = std::unique_ptr<cjose_jws_t, Release<cjose_jws_release>>;
using EvpKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using EvpContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

class PublicKey {
 public:
  // Null: not a key that Weir takes.
  static std::shared_ptr<PublicKey const> read(JsonObject const& jwk, KeyKind& kind);

  // `compact`: the whole token, its parts already known to be strict base64url and its header to name an
  // algorithm that fits this key.
  bool verifies(std::string_view compact, std::string_view signed_part, std::string_view signature) const;

 private:
  std::size_t signature_bytes_ = 0;  // the only length that a signature of this key has
  CjoseKey cjose_;
  EvpKey ed25519_;
};

}  // namespace weir::jose
