#include "jose/algorithm.hpp"

#include <array>

namespace weir::jose {
namespace {

struct Row {
  Algorithm algorithm;
  KeyKind kind;
  char const* name;
};

constexpr std::array kRows{
    Row{Algorithm::rs256, KeyKind::rsa, "RS256"},  Row{Algorithm::rs384, KeyKind::rsa, "RS384"},
    Row{Algorithm::rs512, KeyKind::rsa, "RS512"},  Row{Algorithm::ps256, KeyKind::rsa, "PS256"},
    Row{Algorithm::ps384, KeyKind::rsa, "PS384"},  Row{Algorithm::ps512, KeyKind::rsa, "PS512"},
    Row{Algorithm::es256, KeyKind::p256, "ES256"}, Row{Algorithm::es384, KeyKind::p384, "ES384"},
    Row{Algorithm::es512, KeyKind::p521, "ES512"}, Row{Algorithm::eddsa, KeyKind::ed25519, "EdDSA"},
};

Row const& row_of(Algorithm algorithm) noexcept { return kRows[static_cast<std::size_t>(algorithm)]; }

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) noexcept {
  for (auto const& row : kRows) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

char const* name_of(Algorithm algorithm) noexcept { return row_of(algorithm).name; }

bool fits(Algorithm algorithm, KeyKind kind) noexcept { return row_of(algorithm).kind == kind; }

Algorithm usual_for(KeyKind kind) noexcept {
  for (auto const& row : kRows) {
    if (row.kind == kind) return row.algorithm;
  }
  return Algorithm::rs256;
}

}  // namespace weir::jose
