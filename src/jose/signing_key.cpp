#include "jose/signing_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

#include "base/base64url.hpp"
#include "jose/internal/private_jwk.hpp"
#include "jose/internal/wiped_memory.hpp"

namespace weir::jose {

using base::Blame;
using base::Error;
using base::Fault;
using base::Secret;

struct SigningKey::Material {
  EvpKey evp;
  CjoseKey cjose;  // the same key; null for Ed25519
};

namespace {

using Bio = std::unique_ptr<BIO, Release<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;

struct Part {
  char const* jwk;
  char const* openssl;
  bool secret;
};
constexpr std::array kRsaParts{
    Part{"n", OSSL_PKEY_PARAM_RSA_N, false},         Part{"e", OSSL_PKEY_PARAM_RSA_E, false},
    Part{"d", OSSL_PKEY_PARAM_RSA_D, true},          Part{"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    Part{"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},    Part{"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    Part{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true}, Part{"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
};
constexpr std::array kCurveParts{Part{"x", OSSL_PKEY_PARAM_EC_PUB_X, false},
                                 Part{"y", OSSL_PKEY_PARAM_EC_PUB_Y, false},
                                 Part{"d", OSSL_PKEY_PARAM_PRIV_KEY, true}};

Error broken(std::string why) { return {Fault::internal, Blame::gateway, std::move(why)}; }

std::optional<KeyKind> kind_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return KeyKind::rsa;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyKind::ed25519;
  std::array<char, 64> group{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) !=
      1)
    return std::nullopt;
  std::string_view const name(group.data());
  if (name == "prime256v1") return KeyKind::p256;
  if (name == "secp384r1") return KeyKind::p384;
  if (name == "secp521r1") return KeyKind::p521;
  return std::nullopt;
}

std::size_t curve_bytes(KeyKind kind) {
  return kind == KeyKind::p256 ? 32 : kind == KeyKind::p384 ? 48 : kind == KeyKind::p521 ? 66 : 0;
}

char const* curve_name(KeyKind kind) {
  return kind == KeyKind::p256 ? "P-256" : kind == KeyKind::p384 ? "P-384" : "P-521";
}

// One member; `width` is the length that curves want, 0 where leading zeros go.
Secret number_member(EVP_PKEY* key, Part const& part, std::size_t width) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, part.openssl, &raw) != 1) return {};
  Number const number(raw);
  std::string bytes(std::max<std::size_t>(width, static_cast<std::size_t>(BN_num_bytes(raw))), '\0');
  BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  std::string text = base::to_base64url(bytes);
  Secret kept(text);
  explicit_bzero(bytes.data(), bytes.size());
  explicit_bzero(text.data(), text.size());
  return kept;
}

void member(std::string& json, std::string_view name, std::string_view value) {
  json.append(json.size() > 1 ? ",\"" : "\"").append(name).append("\":\"");
  for (char const c : value) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) json += c;
  }
  json += '"';
}

std::string ed25519_public(EVP_PKEY* key) {
  std::array<unsigned char, 32> bytes{};
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(key, bytes.data(), &size);
  return base::to_base64url({reinterpret_cast<char const*>(bytes.data()), size});
}

Secret ed25519_private(EVP_PKEY* key) {
  std::array<unsigned char, 32> bytes{};
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_private_key(key, bytes.data(), &size);
  std::string text = base::to_base64url({reinterpret_cast<char const*>(bytes.data()), size});
  Secret kept(text);
  explicit_bzero(text.data(), text.size());
  explicit_bzero(bytes.data(), bytes.size());
  return kept;
}

// Reserved once, so that no grown copy of a private part is left behind.
std::string jwk_of(EVP_PKEY* key, KeyKind kind, bool with_secrets) {
  std::string json;
  json.reserve(16 * 1024);
  json = "{";
  if (kind == KeyKind::ed25519) {
    member(json, "kty", "OKP");
    member(json, "crv", "Ed25519");
    member(json, "x", ed25519_public(key));
    if (with_secrets) member(json, "d", ed25519_private(key).reveal());
    return json;
  }
  auto add = [&](auto const& parts, std::size_t width) {
    for (auto const& part : parts) {
      if (part.secret && !with_secrets) continue;
      member(json, part.jwk, number_member(key, part, width).reveal());
    }
  };
  member(json, "kty", kind == KeyKind::rsa ? "RSA" : "EC");
  if (kind == KeyKind::rsa) {
    add(kRsaParts, 0);
  } else {
    member(json, "crv", curve_name(kind));
    add(kCurveParts, curve_bytes(kind));
  }
  return json;
}

base::Result<std::shared_ptr<SigningKey::Material const>> take(EvpKey evp, Algorithm& algorithm, bool usual) {
  auto const kind = kind_of(evp.get());
  if (!kind) return Error(Fault::config, Blame::gateway, "the private key is of a kind that signs nothing");
  if (usual) algorithm = usual_for(*kind);
  if (*kind == KeyKind::rsa && EVP_PKEY_get_bits(evp.get()) < SigningKey::kRsaBitsMin)
    return Error(Fault::config, Blame::gateway, "the private key is too short: RSA needs 2048 bits");
  if (!fits(algorithm, *kind)) {
    return Error(Fault::config, Blame::gateway,
                 std::string("the private key is not one for ") + name_of(algorithm));
  }
  auto made = std::make_shared<SigningKey::Material>();
  if (*kind != KeyKind::ed25519) {
    std::string json = jwk_of(evp.get(), *kind, true) + "}";
    wipe_what_is_freed();
    cjose_err error{};
    made->cjose.reset(cjose_jwk_import(json.data(), json.size(), &error));
    explicit_bzero(json.data(), json.size());
    if (!made->cjose) return broken("the private key was not taken");
  }
  made->evp = std::move(evp);
  return std::shared_ptr<SigningKey::Material const>(std::move(made));
}

base::Result<Secret> sign_ed25519(EVP_PKEY* key, std::string const& header, std::string_view claims) {
  std::string text = base::to_base64url(header) + "." + base::to_base64url(claims);
  std::array<unsigned char, 64> signature{};
  std::size_t size = signature.size();
  EvpContext const context(EVP_MD_CTX_new());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<unsigned char const*>(text.data()), text.size()) != 1) {
    return broken("a token could not be signed");
  }
  text += "." + base::to_base64url({reinterpret_cast<char const*>(signature.data()), size});
  return Secret(text);
}

}  // namespace

SigningKey::SigningKey(Algorithm algorithm, std::shared_ptr<Material const> material) noexcept
    : algorithm_(algorithm), material_(std::move(material)) {}

base::Result<SigningKey> SigningKey::from_pem(Secret const& pem, std::optional<Algorithm> algorithm) {
  auto const text = pem.reveal();
  Bio const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  auto no_pass_phrase = [](char*, int, int, void*) { return -1; };
  EvpKey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  if (!key) return Error(Fault::config, Blame::gateway, "not a private key in PEM without a pass phrase");
  Algorithm chosen = algorithm.value_or(Algorithm::rs256);
  auto material = take(std::move(key), chosen, !algorithm);
  if (!material) return material.error();
  return SigningKey(chosen, *std::move(material));
}

base::Result<SigningKey> SigningKey::from_jwk(JwkMember const& member, std::optional<Algorithm> algorithm) {
  auto key = private_key_of(member);
  if (!key) return Error(Fault::config, Blame::gateway, "not a private JSON Web Key that can sign");
  Algorithm chosen = algorithm.value_or(Algorithm::rs256);
  auto material = take(std::move(key), chosen, !algorithm);
  if (!material) return material.error();
  return SigningKey(chosen, *std::move(material));
}

base::Result<SigningKey> SigningKey::generate(Algorithm algorithm) {
  EvpKey key;
  if (fits(algorithm, KeyKind::rsa)) key.reset(EVP_RSA_gen(2048));
  if (fits(algorithm, KeyKind::p256)) key.reset(EVP_EC_gen("P-256"));
  if (fits(algorithm, KeyKind::p384)) key.reset(EVP_EC_gen("P-384"));
  if (fits(algorithm, KeyKind::p521)) key.reset(EVP_EC_gen("P-521"));
  if (fits(algorithm, KeyKind::ed25519)) key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return broken("no key could be made");
  auto material = take(std::move(key), algorithm, false);
  if (!material) return material.error();
  return SigningKey(algorithm, *std::move(material));
}

base::Result<Secret> SigningKey::sign(std::string_view claims, std::string_view key_id,
                                      std::string_view type) const {
  return sign_under(claims, key_id, type, {});
}

base::Result<Secret> SigningKey::sign_showing_key(std::string_view claims, std::string_view type) const {
  auto* const key = material_->evp.get();
  return sign_under(claims, {}, type, jwk_of(key, *kind_of(key), false) + "}");
}

base::Result<Secret> SigningKey::sign_under(std::string_view claims, std::string_view key_id,
                                            std::string_view type, std::string const& jwk) const {
  if (!material_->cjose) {
    std::string header = "{";
    member(header, "alg", name_of(algorithm_));
    if (!key_id.empty()) member(header, "kid", key_id);
    if (!type.empty()) member(header, "typ", type);
    if (!jwk.empty()) header += ",\"jwk\":" + jwk;
    return sign_ed25519(material_->evp.get(), header + "}", claims);
  }
  cjose_err error{};
  CjoseHeader const header(cjose_header_new(&error));
  bool made = header && cjose_header_set(header.get(), "alg", name_of(algorithm_), &error);
  if (!key_id.empty())
    made = made && cjose_header_set(header.get(), "kid", std::string(key_id).c_str(), &error);
  if (!type.empty()) made = made && cjose_header_set(header.get(), "typ", std::string(type).c_str(), &error);
  if (!jwk.empty()) made = made && cjose_header_set_raw(header.get(), "jwk", jwk.c_str(), &error);
  if (!made) return broken("a token's header could not be made");
  CjoseSigned const token(cjose_jws_sign(material_->cjose.get(), header.get(),
                                         reinterpret_cast<std::uint8_t const*>(claims.data()), claims.size(),
                                         &error));
  char const* compact = nullptr;
  if (!token || !cjose_jws_export(token.get(), &compact, &error))
    return broken("a token could not be signed");
  return Secret(compact);
}

std::string SigningKey::public_jwk(std::string_view key_id) const {
  auto* const key = material_->evp.get();
  std::string json = jwk_of(key, *kind_of(key), false);
  if (!key_id.empty()) member(json, "kid", key_id);
  member(json, "alg", name_of(algorithm_));
  member(json, "use", "sig");
  return json + "}";
}

Secret SigningKey::private_jwk() const {
  auto* const key = material_->evp.get();
  std::string json = jwk_of(key, *kind_of(key), true);
  member(json, "alg", name_of(algorithm_));
  json += "}";
  Secret kept(json);
  explicit_bzero(json.data(), json.size());
  return kept;
}

// RFC 7638 3.2: the members that make the key, by name, without a space.
std::string SigningKey::thumbprint() const {
  auto* const key = material_->evp.get();
  auto const kind = *kind_of(key);
  auto const number = [key](Part const& part, std::size_t width) {
    return std::string(number_member(key, part, width).reveal());
  };
  std::string json = "{";
  if (kind == KeyKind::rsa) {
    member(json, "e", number(kRsaParts[1], 0));
    member(json, "kty", "RSA");
    member(json, "n", number(kRsaParts[0], 0));
  } else {
    bool const curve = kind != KeyKind::ed25519;
    member(json, "crv", curve ? curve_name(kind) : "Ed25519");
    member(json, "kty", curve ? "EC" : "OKP");
    member(json, "x", curve ? number(kCurveParts[0], curve_bytes(kind)) : ed25519_public(key));
    if (curve) member(json, "y", number(kCurveParts[1], curve_bytes(kind)));
  }
  json += "}";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<unsigned char const*>(json.data()), json.size(), digest.data());
  return base::to_base64url({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

}  // namespace weir::jose
