// DpopCheck: an issuer's or a server's look at proofs of possession, by the book (RFC 9449 4.3), with OpenSSL
// alone.
//
// One per test. It remembers each `jti`, and says in words what is wrong.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <cstdlib>
#include <set>
#include <string>

#include "base/base64url.hpp"
#include "base/clock.hpp"
#include "oauth/flat_object.hpp"

namespace weir::oauth {

struct DpopCheck {
  struct Wanted {
    std::string method;
    std::string url;  // without query and fragment
    base::WallTime now;
    std::string nonce = {};  // "": none may be there
    std::string token = {};  // "": no `ath` may be there
  };
  static std::string sha256(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
    return base::to_base64url({reinterpret_cast<char const*>(digest), size});
  }
  static bool proves(std::string_view x, std::string_view y, std::string_view part, std::string_view raw) {
    auto const point = "\x04" + base::from_base64url(x).value_or("") + base::from_base64url(y).value_or("");
    if (point.size() != 65 || raw.size() != 64) return false;
    auto* const builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    auto* const params = OSSL_PARAM_BLD_to_param(builder);
    auto* const making = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
    EVP_PKEY* key = nullptr;
    bool good = EVP_PKEY_fromdata_init(making) == 1 &&
                EVP_PKEY_fromdata(making, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    auto const* const bytes = reinterpret_cast<unsigned char const*>(raw.data());
    auto* const signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* der = nullptr;
    int const size = i2d_ECDSA_SIG(signature, &der);
    auto* const context = EVP_MD_CTX_new();
    good = good && EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context, der, static_cast<std::size_t>(size),
                            reinterpret_cast<unsigned char const*>(part.data()), part.size()) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(making);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return good;
  }

  // "": it is good, and `thumbprint` is that of its key.
  std::string operator()(std::string_view proof, Wanted const& wanted) {
    auto const dot = proof.find('.');
    auto const end = proof.rfind('.');
    if (dot == std::string_view::npos || dot == end) return "no proof";
    auto const header_text = base::from_base64url(proof.substr(0, dot)).value_or("");
    auto const claims_text = base::from_base64url(proof.substr(dot + 1, end - dot - 1)).value_or("");
    auto const header = FlatObject::parse(header_text);
    auto const claims = FlatObject::parse(claims_text);
    if (!header || !claims || header->repeats() || claims->repeats()) return "unreadable";
    if (header->text("typ") != "dpop+jwt") return "typ";
    if (header->text("alg") != "ES256") return "alg";
    auto const jwk = FlatObject::parse(header->raw("jwk"));
    if (!jwk || jwk->text("kty") != "EC" || jwk->text("crv") != "P-256") return "jwk";
    if (jwk->has("d")) return "private";
    auto const x = jwk->text("x").value_or("");
    auto const y = jwk->text("y").value_or("");
    if (!proves(x, y, proof.substr(0, end), base::from_base64url(proof.substr(end + 1)).value_or("")))
      return "signature";
    auto const id = claims->text("jti").value_or("");
    if (id.size() < 16) return "jti";
    if (!seen.insert(id).second) return "replay";
    if (claims->text("htm") != wanted.method) return "htm " + claims->text("htm").value_or("");
    if (claims->text("htu") != wanted.url) return "htu " + claims->text("htu").value_or("");
    auto const at = std::chrono::duration_cast<std::chrono::seconds>(wanted.now.time_since_epoch()).count();
    if (std::llabs(claims->integer("iat").value_or(0) - at) > 1) return "iat";
    if (claims->text("nonce").value_or("") != wanted.nonce)
      return "nonce " + claims->text("nonce").value_or("");
    auto const ath = wanted.token.empty() ? "" : sha256(wanted.token);
    if (claims->text("ath").value_or("") != ath) return "ath";
    thumbprint = sha256(R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + "\"}");
    return {};
  }

  std::set<std::string> seen;
  std::string thumbprint;
};

}  // namespace weir::oauth
