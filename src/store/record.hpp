// RecordSealer: a kept answer as bytes that only this secret's holders can read or make (F-54).
//
// Sealed with AES-256-GCM. The key and the labels are bound to it without being in it: a record that was
// moved under another key, or to another owner's, does not open. Each record has a key of its own
// (HMAC-SHA256 of a random salt) and a random nonce, so no number of writes is too many for one secret.
// Immutable, any thread. Limit: kRecordBytesMax. Sources: NIST SP 800-38D, RFC 2104.
//
//   sealed: version (1 byte) | salt (16) | nonce (12) | ciphertext | tag (16)
//   inside: fetched, fresh_for, kept_for, cost (8 each, ms) | born (8) | meta_at (4) | flags (1)
//           | length (4) | bytes; numbers with the most significant byte first
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "store/store.hpp"
#include "store/store_secret.hpp"

namespace weir::store {

class RecordSealer {
 public:
  static constexpr std::size_t kRecordBytesMax = std::size_t{64} << 20U;
  static constexpr std::size_t kOverheadBytes = 1 + 16 + 12 + 49 + 16;  // beyond the answer's bytes

  explicit RecordSealer(StoreSecret const& secret) : key_(secret.derive("records")) {}
  ~RecordSealer();
  RecordSealer(RecordSealer const&) = delete;
  RecordSealer& operator=(RecordSealer const&) = delete;

  // "": the record would be over the limit.
  std::string seal(StoreKey const& key, StoredAnswer const& answer) const;
  // Nothing: not sealed here, changed, torn, or sealed for another key.
  std::optional<StoredAnswer> open(StoreKey const& key, std::string_view sealed) const;

 private:
  StoreSecret::Key record_key(std::string_view salt) const;
  StoreSecret::Key key_;
  mutable base::SystemRandom random_;
};

// What is inside. Each answer has one packed form, and unpack() takes no other.
std::string pack(StoredAnswer const& answer);
std::optional<StoredAnswer> unpack(std::string_view packed);

// When the answer is over, however long it was meant to be kept.
base::WallTime end_of(StoredAnswer const& answer) noexcept;

}  // namespace weir::store
