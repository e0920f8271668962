// ClientKey: the gateway's private key at an issuer, with which it proves who it is (private_key_jwt).
//
// read_client_key() takes PEM, or a JSON Web Key, which may bring its id and algorithm itself. An assertion
// names the client as issuer and subject, the issuer as audience, lives kAssertionLife and is never made
// twice: `jti` is random. Immutable, any thread, as its source of chance is. Errors: config, what is wrong
// with the key. Source: RFC 7523 sections 2.2 and 3, draft-ietf-oauth-rfc7523bis (audience), RFC 7517.
#pragma once

#include "base/random.hpp"
#include "jose/signing_key.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

struct ClientKeyOptions {
  base::Secret text;      // PEM or JWK
  std::string id;         // `kid`; "": as the JWK says, else none
  std::string algorithm;  // "": as the JWK says, else the usual one of the key
};

class ClientKey final : public AssertionMaker {
 public:
  static constexpr base::Duration kAssertionLife = std::chrono::seconds{60};

  ClientKey(jose::SigningKey key, std::string id, base::Random& random)
      : key_(std::move(key)), id_(std::move(id)), random_(random) {}

  base::Result<base::Secret> assertion(std::string const& client_id, std::string const& audience,
                                       base::WallTime now) const override;
  std::string fingerprint() const override;
  jose::SigningKey const& key() const noexcept { return key_; }
  std::string const& id() const noexcept { return id_; }

 private:
  jose::SigningKey key_;
  std::string id_;
  base::Random& random_;
};

// Any private key of the configuration; `setting`: its name there, for what is told of it.
struct ReadKey {
  jose::SigningKey key;
  std::string id;  // "": none
};
base::Result<ReadKey> read_private_key(ClientKeyOptions const& options, std::string_view setting);

base::Result<std::shared_ptr<ClientKey const>> read_client_key(ClientKeyOptions const& options,
                                                               base::Random& random);

}  // namespace weir::oauth
