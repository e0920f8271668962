// TokenRequest: one question to a token endpoint, and how the gateway shows there who it is.
//
// Values and pure functions; any thread. Credentials are Secret from where they are configured to the bytes
// of the form; the form itself is one. Sources: RFC 6749 2.3 and Appendix B, RFC 7523 2.2, RFC 9449 5.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "net/http_fetch.hpp"
#include "oauth/token_answer.hpp"

namespace weir::oauth {

// application/x-www-form-urlencoded. What it outgrows is wiped.
class Form {
 public:
  Form() = default;
  Form(Form const&) = delete;
  Form& operator=(Form const&) = delete;
  ~Form();
  void add(std::string_view name, std::string_view value);
  std::string_view text() const noexcept { return text_; }

 private:
  void append_encoded(std::string_view text);
  void make_room(std::size_t more);
  std::string text_;
};

enum class ClientAuth { none, basic, post, private_key_jwt };

// Signs client assertions (RFC 7523) with the gateway's key. Shared by workers; any thread.
class AssertionMaker {
 public:
  virtual ~AssertionMaker() = default;
  // `audience`: the issuer's identifier. Each one is new: an issuer takes it once.
  virtual base::Result<base::Secret> assertion(std::string const& client_id, std::string const& audience,
                                               base::WallTime now) const = 0;
  virtual std::string fingerprint() const = 0;  // of the key and how it is used; not secret
};

// Proves possession of the key that tokens are bound to (RFC 9449). Shared by workers; any thread.
class KeyProver {
 public:
  struct Proven {  // the request that a proof is for
    std::string_view method;
    std::string_view url;
    std::string_view nonce = {};  // that the server wants; "": none
    std::string_view token = {};  // that is shown with it; "": none
  };
  virtual ~KeyProver() = default;
  virtual base::Result<base::Secret> proof(Proven const& of, base::WallTime now) const = 0;
  virtual std::string const& thumbprint() const noexcept = 0;  // of the key (RFC 7638)
  virtual std::string_view algorithm() const noexcept = 0;
  virtual base::Secret written() const = 0;  // the private key, a JSON Web Key
};

struct ClientIdentity {
  ClientAuth auth = ClientAuth::none;
  std::string id;
  base::Secret secret;                               // basic, post
  std::shared_ptr<AssertionMaker const> assertions;  // private_key_jwt
  std::shared_ptr<KeyProver const> prover;           // null: bearer tokens
};

struct TokenRequest {
  struct Param {
    std::string name;
    base::Secret value;
  };
  net::Url endpoint;
  std::string issuer;         // audience of assertions; "": the endpoint itself
  std::vector<Param> params;  // all but the client's own
  std::shared_ptr<net::EgressGuard const> guard;
  Expected expected;

  void add(std::string name, std::string_view value) {
    params.push_back({std::move(name), base::Secret(value)});
  }
  void add(std::string name, base::Secret value) { params.push_back({std::move(name), std::move(value)}); }
};

// The request as it is sent. Errors: those of the signer.
base::Result<net::FetchRequest> written(TokenRequest const& request, ClientIdentity const& client,
                                        std::string const& nonce, base::WallTime now);

// Everything in them that must never be shown.
std::vector<std::string_view> secrets_of(TokenRequest const& request, ClientIdentity const& client);

}  // namespace weir::oauth
