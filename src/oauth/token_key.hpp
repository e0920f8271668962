// TokenKeys: under which name a token is kept: a keyed hash over everything that makes it that token (F-01).
//
// HMAC-SHA256 with a key that is drawn at random for the process, over the fields, each with its length
// before it, so that no two lists of fields have one text. The whole token of the caller is one of them, not
// a part of it, and never stands in a table itself (F-10). Who has no verified subject has no key (F-14).
// Immutable, any thread. Source: RFC 2104.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/secret.hpp"

namespace weir::oauth {

struct TokenKey {
  std::array<unsigned char, 32> bytes{};
  friend bool operator==(TokenKey const&, TokenKey const&) = default;
};
struct TokenKeyHash {  // the bytes are uniform already, and nobody can choose them
  std::size_t operator()(TokenKey const& key) const noexcept {
    std::size_t word = 0;
    std::memcpy(&word, key.bytes.data(), sizeof word);
    return word;
  }
};

// What a token is for. The gateway's own tokens have no caller.
struct TokenUse {
  std::string_view server;
  std::string_view issuer;
  std::string_view resource;
  std::string_view audience;
  std::vector<std::string> const* scopes = nullptr;  // in any order
  std::string_view bound_key = {};                   // thumbprint; "" for bearer tokens
  std::string_view sign_in = {};                     // of a person; what an earlier one left counts no more
  std::string_view credential = {};                  // refresh token or password, as configured; likewise
  std::string_view person = {};                      // whose the sign-in is; "": the gateway's own
};
struct TokenCaller {
  std::string_view subject_issuer;
  std::string_view subject;
  std::string_view tenant;
  std::string_view actor;
  std::string_view token;  // whole
};

// How the gateway shows at issuers who it is.
struct TokenClient {
  std::string_view id;
  std::string_view secret;        // or what stands in its place
  std::string_view key = {};      // fingerprint of its private key
  std::string_view company = {};  // at the company's own issuer, likewise
  std::string_view company_secret = {};
  std::string_view company_key = {};
  std::string_view password = {};  // where that is the grant
};

class TokenKeys {
 public:
  explicit TokenKeys(base::Random& random);

  TokenKey own(TokenUse const& use) const;
  std::optional<TokenKey> of_caller(TokenUse const& use, TokenCaller const& caller) const;
  // Names a subject for dropping everything that is kept for it.
  TokenKey subject(std::string_view issuer, std::string_view subject) const;
  // Tells a refusal of the client that asks now from one of the client it was before.
  TokenKey client(TokenClient const& client) const;

 private:
  TokenKey digest(std::vector<std::string_view> const& fields) const;
  base::Secret key_;
};

}  // namespace weir::oauth
