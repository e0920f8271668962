// KeySet: the public keys of an issuer (RFC 7517), by which its signatures are checked.
//
// Immutable; any thread. Only what can check a signature is taken: RSA from 2048 to 8192 bits, P-256, P-384,
// P-521, Ed25519, for use "sig" or none. Other keys are counted and left out, as the RFC wants it. Private
// parts and certificates beside a key are not looked at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "jose/algorithm.hpp"

namespace weir::jose {

class PublicKey;  // internal/public_key.hpp

struct Key {
  std::string id;  // "" where the set gives none
  KeyKind kind{};
  std::optional<Algorithm> algorithm;  // the only one it may be used with, if the set says so
  std::shared_ptr<PublicKey const> material;
};

class KeySet {
 public:
  static constexpr std::size_t kTextBytesMax = 256 * 1024;
  static constexpr std::size_t kKeysMax = 100;

  // Errors (protocol, blame upstream): too long, not a key set, too many keys, none of them usable.
  static base::Result<KeySet> parse(std::string_view json);

  // The key for a signature. With an id it must be exactly that; without one there must be no choice.
  Key const* find(std::string_view id, Algorithm algorithm) const noexcept;

  std::size_t size() const noexcept { return keys_.size(); }
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  std::vector<Key> keys_;
  std::size_t left_out_ = 0;
};

}  // namespace weir::jose
