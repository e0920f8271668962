// Algorithm: the signatures that Weir makes and accepts (RFC 7518 section 3, RFC 8037).
//
// Asymmetric ones only. There is no value for `none` and none for HMAC, so neither can be let in by a mistake
// (RFC 8725 sections 3.1 and 3.2).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace weir::jose {

enum class Algorithm : std::uint8_t { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa };
enum class KeyKind : std::uint8_t { rsa, p256, p384, p521, ed25519 };

std::optional<Algorithm> algorithm_of(std::string_view name) noexcept;  // "RS256"; exact, as the RFC has it
char const* name_of(Algorithm algorithm) noexcept;
bool fits(Algorithm algorithm, KeyKind kind) noexcept;
Algorithm usual_for(KeyKind kind) noexcept;  // where nobody says which: RS256, ES256, ES384, ES512, EdDSA

class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (auto const algorithm : algorithms) add(algorithm);
  }
  constexpr void add(Algorithm algorithm) noexcept { bits_ |= bit(algorithm); }
  constexpr bool has(Algorithm algorithm) const noexcept { return (bits_ & bit(algorithm)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(AlgorithmSet const&, AlgorithmSet const&) = default;

 private:
  static constexpr std::uint32_t bit(Algorithm algorithm) noexcept {
    return 1U << static_cast<unsigned>(algorithm);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace weir::jose
