// StoreSecret: the 32 secret bytes that make a store's records private and authentic (F-54).
//
// A value; wiped when it goes; any thread. Nothing uses the bytes themselves: each purpose has a key of its
// own, derived from them. They come from a text that the operator gives, the same on every node of a shared
// store, or from a file beside the store, made at the first start. The text is not stretched: it must be
// random, not a phrase that somebody thought of. Errors of the file name what, where and the cure.
// Blocks on the disk; called at the start only. Source: RFC 5869.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace weir::store {

class StoreSecret {
 public:
  static constexpr std::size_t kBytes = 32;
  using Key = std::array<std::uint8_t, kBytes>;

  explicit StoreSecret(Key const& bytes);
  static StoreSecret from_text(base::Secret const& text);  // the same text, the same secret; not empty

  // The secret in the file; if there is none, a new one, whole or not at all, even when several processes
  // start at once. The file is for its owner alone (0600), in a folder that nobody else may write to (0700
  // if it is made here); anything else is an error, not a repair.
  static base::Result<StoreSecret> load_or_create(std::filesystem::path const& file, base::Random& random);

  // A key for one purpose: "records", "keys", "index". Equal purposes, equal keys.
  Key derive(std::string_view purpose) const;

 private:
  base::Secret bytes_;
};

}  // namespace weir::store
