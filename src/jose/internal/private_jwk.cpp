#include "jose/internal/private_jwk.hpp"
#include "base/base64url.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <array>

namespace weir::jose {
namespace {

using Number = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

constexpr std::size_t kMemberTextMax = 2048;  // of an RSA key of 8192 bits: 1366

struct Part {
  char const* jwk;
  char const* openssl;
};
constexpr std::array kRsaParts{
    Part{"n", OSSL_PKEY_PARAM_RSA_N},          Part{"e", OSSL_PKEY_PARAM_RSA_E},
    Part{"d", OSSL_PKEY_PARAM_RSA_D},          Part{"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    Part{"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    Part{"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    Part{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, Part{"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

struct Curve {
  std::string_view name;
  char const* openssl;
  std::size_t bytes;
};
constexpr std::array kCurves{Curve{"P-256", "prime256v1", 32}, Curve{"P-384", "secp384r1", 48},
                             Curve{"P-521", "secp521r1", 66}};

struct Bytes {  // wiped with its last use
  explicit Bytes(base::Secret const& text) {
    if (text.empty() || text.reveal().size() > kMemberTextMax) return;
    if (auto decoded = base::from_base64url(text.reveal())) value = std::move(*decoded);
  }
  Bytes(Bytes const&) = delete;
  Bytes& operator=(Bytes const&) = delete;
  ~Bytes() { explicit_bzero(value.data(), value.size()); }
  unsigned char const* data() const noexcept { return reinterpret_cast<unsigned char const*>(value.data()); }
  std::string value;
};

Number number_of(Bytes const& bytes) {
  Number number(BN_secure_new());
  if (bytes.value.empty() || !number) return {};
  if (BN_bin2bn(bytes.data(), static_cast<int>(bytes.value.size()), number.get()) == nullptr) return {};
  return number;
}

EvpKey built(char const* type, OSSL_PARAM_BLD* builder) {
  Params const params(OSSL_PARAM_BLD_to_param(builder));
  KeyContext const making(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  if (!params || !making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
      EVP_PKEY_fromdata(making.get(), &raw, EVP_PKEY_KEYPAIR, params.get()) != 1)
    return {};
  EvpKey key(raw);
  KeyContext const checking(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checking || EVP_PKEY_pairwise_check(checking.get()) != 1) return {};
  return key;
}

EvpKey rsa_of(SigningKey::JwkMember const& member) {
  Builder const builder(OSSL_PARAM_BLD_new());
  std::array<Number, kRsaParts.size()> numbers;  // the builder borrows them
  for (std::size_t i = 0; i < kRsaParts.size(); ++i) {
    numbers[i] = number_of(Bytes(member(kRsaParts[i].jwk)));
    if (!numbers[i] || OSSL_PARAM_BLD_push_BN(builder.get(), kRsaParts[i].openssl, numbers[i].get()) != 1)
      return {};
  }
  return built("RSA", builder.get());
}

EvpKey curve_key_of(SigningKey::JwkMember const& member, Curve const& curve) {
  Bytes const x(member("x"));
  Bytes const y(member("y"));
  auto const d = number_of(Bytes(member("d")));
  if (x.value.size() != curve.bytes || y.value.size() != curve.bytes || !d) return {};
  std::string const point = "\x04" + x.value + y.value;
  Builder const builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.openssl, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) != 1)
    return {};
  return built("EC", builder.get());
}

EvpKey ed25519_of(SigningKey::JwkMember const& member) {
  Bytes const d(member("d"));
  Bytes const x(member("x"));
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, d.data(), d.value.size()));
  std::array<unsigned char, 32> shown{};
  std::size_t size = shown.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), shown.data(), &size) != 1) return {};
  if (x.value != std::string_view(reinterpret_cast<char const*>(shown.data()), size)) return {};
  return key;
}

}  // namespace

EvpKey private_key_of(SigningKey::JwkMember const& member) {
  auto const type = member("kty");
  auto const name = member("crv");
  if (type.reveal() == "RSA") return rsa_of(member);
  if (type.reveal() == "OKP" && name.reveal() == "Ed25519") return ed25519_of(member);
  if (type.reveal() != "EC") return {};
  for (auto const& curve : kCurves) {
    if (name.reveal() == curve.name) return curve_key_of(member, curve);
  }
  return {};
}

}  // namespace weir::jose
