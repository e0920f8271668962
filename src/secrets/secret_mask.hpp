// SecretMask: replaces every known secret value in a text by ***, wherever it stands.
//
// Built once per configuration, immutable, safe from any thread; the owner swaps a shared_ptr on reload.
// Values below kBytesMin bytes are not masked (they would eat ordinary words). A value of several lines is
// masked line by line too. Cost: one table look-up per byte of text; memory 8 KiB plus the values. Apply it
// before any JSON escaping.
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
