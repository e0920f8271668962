#include "jose/internal/public_key.hpp"
#include "base/base64url.hpp"
#include "jose/internal/wiped_memory.hpp"

#include <array>
#include <optional>

namespace weir::jose {
namespace {

constexpr std::size_t kRsaBytesMin = 256;
constexpr std::size_t kRsaBytesMax = 1024;  // the time that a check takes grows with its square
constexpr std::size_t kExponentBytesMax = 4;
constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;

struct Curve {
  std::string_view name;
  KeyKind kind;
  std::size_t bytes;
};
constexpr std::array kCurves{Curve{"P-256", KeyKind::p256, 32}, Curve{"P-384", KeyKind::p384, 48},
                             Curve{"P-521", KeyKind::p521, 66}};

std::optional<std::string> bytes_of(JsonObject const& jwk, std::string_view name) {
  auto const text = jwk.text(name);
  return text ? base::from_base64url(*text) : std::nullopt;
}

CjoseKey import_key(std::string const& json) {
  cjose_err error{};
  return CjoseKey(cjose_jwk_import(json.data(), json.size(), &error));
}

// Only the public members reach the library, in a text of our own.
CjoseKey read_rsa(JsonObject const& jwk) {
  auto const modulus = bytes_of(jwk, "n");
  auto const exponent = bytes_of(jwk, "e");
  if (!modulus || !exponent || modulus->size() < kRsaBytesMin || modulus->size() > kRsaBytesMax) return {};
  bool const full = (static_cast<unsigned char>(modulus->front()) & 0x80U) != 0;
  bool const odd = (static_cast<unsigned char>(modulus->back()) & 1U) != 0;
  if (!full || !odd || exponent->empty() || exponent->size() > kExponentBytesMax) return {};
  bool const one = exponent->size() == 1 && exponent->front() == 1;
  if (exponent->front() == 0 || (static_cast<unsigned char>(exponent->back()) & 1U) == 0 || one) return {};
  return import_key(R"({"kty":"RSA","n":")" + base::to_base64url(*modulus) + R"(","e":")" +
                    base::to_base64url(*exponent) + "\"}");
}

CjoseKey read_curve(JsonObject const& jwk, Curve const& curve) {
  auto const x = bytes_of(jwk, "x");
  auto const y = bytes_of(jwk, "y");
  if (!x || !y || x->size() != curve.bytes || y->size() != curve.bytes) return {};
  return import_key(R"({"kty":"EC","crv":")" + std::string(curve.name) + R"(","x":")" +
                    base::to_base64url(*x) + R"(","y":")" + base::to_base64url(*y) + "\"}");
}

EvpKey read_ed25519(JsonObject const& jwk) {
  auto const x = bytes_of(jwk, "x");
  if (!x || x->size() != kEd25519Bytes) return {};
  return EvpKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                            reinterpret_cast<unsigned char const*>(x->data()), x->size()));
}

}  // namespace

std::shared_ptr<PublicKey const> PublicKey::read(JsonObject const& jwk, KeyKind& kind) {
  wipe_what_is_freed();
  auto const type = jwk.text("kty");
  auto made = std::make_shared<PublicKey>();
  if (type == "RSA") {
    kind = KeyKind::rsa;
    made->cjose_ = read_rsa(jwk);
    made->signature_bytes_ = bytes_of(jwk, "n").value_or(std::string()).size();
  } else if (type == "EC") {
    auto const name = jwk.text("crv");
    for (auto const& curve : kCurves) {
      if (name != curve.name) continue;
      kind = curve.kind;
      made->cjose_ = read_curve(jwk, curve);
      made->signature_bytes_ = 2 * curve.bytes;
    }
  } else if (type == "OKP" && jwk.text("crv") == "Ed25519") {
    kind = KeyKind::ed25519;
    made->ed25519_ = read_ed25519(jwk);
    made->signature_bytes_ = kEd25519SignatureBytes;
  }
  if (!made->cjose_ && !made->ed25519_) return nullptr;
  return made;
}

bool PublicKey::verifies(std::string_view compact, std::string_view signed_part,
                         std::string_view signature) const {
  // cjose reads ECDSA signatures that are longer, so that one token would have several texts.
  if (signature.size() != signature_bytes_) return false;
  if (ed25519_) {
    EvpContext const context(EVP_MD_CTX_new());
    auto const bytes = [](std::string_view text) {
      return reinterpret_cast<unsigned char const*>(text.data());
    };
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, ed25519_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(signed_part),
                            signed_part.size()) == 1;
  }
  cjose_err error{};
  CjoseSigned const token(cjose_jws_import(compact.data(), compact.size(), &error));
  return token && cjose_jws_verify(token.get(), cjose_.get(), &error);
}

}  // namespace weir::jose
