// SecretMask: replaces every known secret value in a text by ***, wherever it stands, plain or in one of its
// encoded forms (encoded_forms.hpp).
//
// Built once per configuration, immutable, safe from any thread; the owner swaps a shared_ptr on reload.
// Values below kBytesMin bytes are not masked (they would eat ordinary words). A value of several lines is
// masked line by line too, the lines only as they are. Cost: one table look-up per byte of text; memory: 8
// KiB, the values, and for each of at most 8 KiB its forms: 4 times the bytes of a plain token, 50 times at
// most. Apply it before any JSON escaping: what is written here anew is longer then than need be.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace weir::secrets {

class SecretMask {
 public:
  static constexpr std::size_t kBytesMin = 6;

  SecretMask() = default;
  explicit SecretMask(std::span<base::Secret const> values);

  // Masks in place; returns how many places were masked. The longest value wins where several begin together.
  std::size_t apply(std::string& text) const;
  std::string masked(std::string_view text) const;
  bool empty() const noexcept { return values_.empty(); }

 private:
  void add(std::string_view value);
  std::size_t match_at(std::string_view text,
                       std::size_t at) const;  // length of the value that begins there, or 0

  std::vector<base::Secret> values_;  // ordered by their first two bytes, then longest first
  std::bitset<65536> begins_;         // which pairs of first bytes occur
};

}  // namespace weir::secrets
