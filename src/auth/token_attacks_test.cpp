// T-57: tokens that must not be accepted, against the whole way from text to caller. Each is one step away
// from a good one.
#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <map>

#include "auth/token_issuer.hpp"
#include "base/base64url.hpp"
#include "jose/signing_key.hpp"

namespace weir::auth {
namespace {

using namespace std::chrono_literals;
using base::to_base64url;
using jose::Algorithm;
using jose::SigningKey;

constexpr base::WallTime kWall{1'000'000s};
constexpr base::TimePoint kNow{1000h};
std::string const kHeader = R"({"alg":"ES256","kid":"ec"})";

std::string claims_with(std::string const& name, std::string const& json) {
  std::map<std::string, std::string> members{{"iss", "\"https://as.example\""},
                                             {"aud", "\"https://mcp.example/mcp\""},
                                             {"sub", "\"ann\""},
                                             {"exp", "1000300"},
                                             {"iat", "999900"}};
  if (json.empty()) members.erase(name);
  if (!json.empty()) members[name] = json;
  std::string text;
  for (auto const& [key, value] : members) text += (text.empty() ? "{\"" : ",\"") + key + "\":" + value;
  return text + "}";
}

// A key that also signs what no library would: any header at all.
struct FreeKey {
  EVP_PKEY* raw = EVP_EC_gen("P-256");
  SigningKey key = *SigningKey::from_pem(base::Secret(pem()), Algorithm::es256);

  ~FreeKey() { EVP_PKEY_free(raw); }
  std::string pem() const {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, raw, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out, &text);
    std::string const made(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return made;
  }
  std::string signature(std::string_view part) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    unsigned char der[128];
    std::size_t size = sizeof der;
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, raw);
    EVP_DigestSign(context, der, &size, reinterpret_cast<unsigned char const*>(part.data()), part.size());
    EVP_MD_CTX_free(context);
    unsigned char const* at = der;
    ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    std::string bytes(64, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
    ECDSA_SIG_free(pair);
    return to_base64url(bytes);
  }
};

struct Attacks : testing::Test {
  static FreeKey const& free_ec() {
    static FreeKey const key;
    return key;
  }
  static FreeKey const& stranger() {
    static FreeKey const key;
    return key;
  }
  static SigningKey const& ec() { return free_ec().key; }
  static SigningKey const& rsa() {
    static SigningKey const key = *SigningKey::generate(Algorithm::rs256);
    return key;
  }

  TokenIssuer issuer{settings(), 1};
  std::size_t tried = 0;

  Attacks() {
    auto const text = R"({"keys":[)" + ec().public_jwk("ec") + "," + rsa().public_jwk("rsa") + "]}";
    issuer.set_keys(std::make_shared<jose::KeySet const>(*jose::KeySet::parse(text)), text, kNow + 24h);
    issuer.set_unknown_from(kNow + 1h);
  }

  static config::TokenAuth settings() {
    config::TokenAuth made;
    made.issuer = "https://as.example";
    made.audience = "https://mcp.example/mcp";
    made.algorithms = {"RS256", "ES256"};
    return made;
  }

  bool accepted(std::string_view token, base::WallTime wall = kWall) {
    auto const verdict = issuer.judge(token, wall, kNow);
    return verdict.kind == TokenIssuer::Verdict::Kind::caller && verdict.caller->everywhere;
  }
  void refuse(std::string_view token, std::string const& what, base::WallTime wall = kWall) {
    ++tried;
    EXPECT_FALSE(accepted(token, wall)) << what;
    EXPECT_FALSE(accepted(token, wall)) << "the second time: " << what;
  }
  static std::string good(std::string const& claims = claims_with("", "")) {
    return std::string(ec().sign(claims, "ec", "at+jwt")->reveal());
  }
  static std::string under(std::string const& header, FreeKey const& key, std::string const& claims) {
    std::string const part = to_base64url(header) + "." + to_base64url(claims);
    return part + "." + key.signature(part);
  }
};

std::string hmac(std::string const& secret, std::string const& part, EVP_MD const* digest = EVP_sha256()) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(digest, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<unsigned char const*>(part.data()), part.size(), out, &size);
  return to_base64url({reinterpret_cast<char const*>(out), size});
}

TEST_F(Attacks, TheGoodOneIsAcceptedSoTheOthersFailForTheirOwnReason) {
  EXPECT_TRUE(accepted(good()));
  EXPECT_TRUE(accepted(under(kHeader, free_ec(), claims_with("", ""))));
  EXPECT_TRUE(accepted(rsa().sign(claims_with("", ""), "rsa")->reveal()));
}

TEST_F(Attacks, NoneAndItsSpellings_T57) {
  auto const sound = good();
  auto const signature = sound.substr(sound.rfind('.') + 1);
  for (char const* const name :
       {"none", "None", "NONE", "nOnE", "none ", " none", "", "null", "NULL", "no", "plain"}) {
    auto const part = to_base64url(std::string(R"({"alg":")") + name + R"(","kid":"ec"})") + "." +
                      to_base64url(claims_with("", ""));
    for (auto const& end : {std::string("."), "." + signature, std::string(), std::string(".AA")}) {
      refuse(part + end, name + end);
    }
  }
  EXPECT_GE(tried, 44U);
}

TEST_F(Attacks, AlgorithmsThatAreSymmetricUnknownOrNotAllowed_T57) {
  std::string const set = R"({"keys":[)" + ec().public_jwk("ec") + "]}";
  std::vector<std::string> const secrets{ec().public_jwk("ec"), rsa().public_jwk("rsa"), set, "", "secret",
                                         std::string(32, '\0')};
  for (auto const& [name, digest] :
       std::vector<std::pair<std::string, EVP_MD const*>>{{"HS256", EVP_sha256()},
                                                          {"HS384", EVP_sha384()},
                                                          {"HS512", EVP_sha512()},
                                                          {"hs256", EVP_sha256()}}) {
    for (char const* const kid : {"ec", "rsa"}) {
      auto const part = to_base64url(R"({"alg":")" + name + R"(","kid":")" + kid + "\"}") + "." +
                        to_base64url(claims_with("", ""));
      for (auto const& secret : secrets) refuse(part + "." + hmac(secret, part, digest), name + " " + kid);
    }
  }
  for (char const* const name :
       {"ES256K", "es256", "ES-256", "RS1", "RS256 ", "PS256", "ES384", "ES512", "RS512", "EdDSA", "A128KW",
        "dir", "ECDH-ES", "RSA-OAEP", "SHA256", "ES256\\u0000", "RS384"}) {
    refuse(under(std::string(R"({"alg":")") + name + R"(","kid":"ec"})", free_ec(), claims_with("", "")),
           name);
  }
  for (char const* const value : {"1", "null", "true", "[\"ES256\"]", "{\"a\":\"ES256\"}"}) {
    refuse(under(std::string(R"({"kid":"ec","alg":)") + value + "}", free_ec(), claims_with("", "")), value);
  }
  refuse(under(R"({"kid":"ec"})", free_ec(), claims_with("", "")), "no alg");
  refuse(under(R"({"alg":"RS256","kid":"ec"})", free_ec(), claims_with("", "")), "RS256 with a key of ES256");
  refuse(under(R"({"alg":"ES256","kid":"rsa"})", free_ec(), claims_with("", "")),
         "ES256 with a key of RS256");
  for (auto const algorithm : {Algorithm::ps256, Algorithm::rs384, Algorithm::es384, Algorithm::eddsa}) {
    auto const key = *SigningKey::generate(algorithm);
    refuse(key.sign(claims_with("", ""), "ec")->reveal(), jose::name_of(algorithm));
  }
}

TEST_F(Attacks, KeysThatTheIssuerDoesNotHave_T57) {
  std::vector<std::string> const ids{"EC",
                                     "ec ",
                                     " ec",
                                     "e",
                                     "ecc",
                                     "../ec",
                                     "/etc/passwd",
                                     "../../../../dev/null",
                                     "ec\\u0000",
                                     "ec'--",
                                     "' OR '1'='1",
                                     "*",
                                     ".",
                                     "rsa/ec",
                                     "ec?x",
                                     "ec#",
                                     "%65c",
                                     "http://evil.example/key",
                                     std::string(257, 'a'),
                                     "ec\\n",
                                     "\\uFF45c"};
  for (auto const& id : ids) {
    refuse(under(R"({"alg":"ES256","kid":")" + id + "\"}", stranger(), claims_with("", "")),
           "stranger as " + id);
    refuse(under(R"({"alg":"ES256","kid":")" + id + "\"}", free_ec(), claims_with("", "")),
           "own key as " + id);
  }
  for (char const* const value : {"1", "null", "[\"ec\"]", "{}", "\"\"", "true"}) {
    refuse(under(std::string(R"({"alg":"ES256","kid":)") + value + "}", free_ec(), claims_with("", "")),
           value);
  }
  refuse(under(kHeader, stranger(), claims_with("", "")), "another key under the right name");
  refuse(under(R"({"alg":"ES256"})", stranger(), claims_with("", "")), "another key without a name");
}

TEST_F(Attacks, KeysThatTheTokenBringsAlong_T57) {
  std::string const jwk = stranger().key.public_jwk("ec");
  for (std::string const& extra :
       {std::string(R"("jku":"https://evil.example/keys")"),
        std::string(R"("x5u":"https://evil.example/cert")"), "\"jwk\":" + jwk,
        std::string(R"("x5c":["MIIB"])"), std::string(R"("x5t":"AAAA")"), std::string(R"("x5t#S256":"AAAA")"),
        std::string(R"("jku":"file:///etc/passwd")"), std::string(R"("jku":"http://169.254.169.254/")")}) {
    for (char const* const kid : {R"("kid":"ec",)", R"("kid":"new",)", ""}) {
      refuse(under("{" + std::string(kid) + extra + R"(,"alg":"ES256"})", stranger(), claims_with("", "")),
             extra + kid);
    }
  }
}

TEST_F(Attacks, HeadersThatMustBeUnderstood_T57) {
  for (char const* const extra :
       {R"("crit":["exp"])", R"("crit":[])", R"("crit":null)", R"("crit":["b64"],"b64":false)",
        R"("b64":false)", R"("b64":true)", R"("zip":"DEF")", R"("enc":"A128GCM")",
        R"("crit":["http://example.com/x"])", R"("epk":{})", R"("crit":"exp")", R"("crit":["alg"])"}) {
    refuse(under("{" + std::string(extra) + R"(,"alg":"ES256","kid":"ec"})", free_ec(), claims_with("", "")),
           extra);
  }
  for (char const* const type :
       {"\"dpop+jwt\"", "\"logout+jwt\"", "\"oauth-id-jag+jwt\"", "\"secevent+jwt\"", "\"JWS\"", "\"\"", "1",
        "null", "[\"at+jwt\"]", "\"at+jwt+x\"", "\"x/at+jwt\"", "\"token-introspection+jwt\"",
        "\"client-authentication+jwt\""}) {
    refuse(under(std::string(R"({"alg":"ES256","kid":"ec","typ":)") + type + "}", free_ec(),
                 claims_with("", "")),
           type);
  }
}

TEST_F(Attacks, ForeignIssuersAudiencesAndNobody_T57_F14) {
  for (char const* const iss :
       {"", "null", "1", "\"\"", "\"https://as.example/\"", "\"https://AS.example\"", "\"http://as.example\"",
        "\"https://as.example.evil\"", "\"https://evil.example\"", "\" https://as.example\"",
        "\"https://as.example#\"", "[\"https://as.example\"]", "\"https://as.example:443\"",
        "\"https://as.example\\u0000\"", "\"as.example\""}) {
    refuse(good(claims_with("iss", iss)), std::string("iss ") + iss);
  }
  for (char const* const aud : {"",
                                "null",
                                "1",
                                "\"\"",
                                "[]",
                                "[1]",
                                "[\"https://mcp.example/mcp\",1]",
                                "\"https://mcp.example/mcp/\"",
                                "\"https://mcp.example\"",
                                "\"https://MCP.example/mcp\"",
                                "\"http://mcp.example/mcp\"",
                                "\"https://evil/mcp\"",
                                "\"https://mcp.example/mcp/github\"",
                                "\"https://mcp.example/mcp2\"",
                                "\"https://mcp.example/mcp?a=b\"",
                                "\"https://mcp.example/mcp \"",
                                "{\"a\":\"https://mcp.example/mcp\"}",
                                "[\"a\",\"b\",\"c\"]",
                                "[[\"https://mcp.example/mcp\"]]",
                                "\"*\""}) {
    refuse(good(claims_with("aud", aud)), std::string("aud ") + aud);
  }
  for (char const* const sub :
       {"", "null", "\"\"", "1", "[]", "[\"a\",\"b\"]", "{}", "\"a\\u0000\"", "\"a\\nb\"", "true"}) {
    refuse(good(claims_with("sub", sub)), std::string("sub ") + sub);
  }
}

// RFC 9449 7.1, RFC 8705 3: whoever shows it has to prove a key. Taken as a bearer it would serve a thief.
TEST_F(Attacks, TokensThatAreBoundToAKey_T57) {
  for (char const* const cnf : {R"({"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})",
                                R"({"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})",
                                R"({"jwk":{}})", "{}", "null", "\"\""}) {
    refuse(good(claims_with("cnf", cnf)), std::string("cnf ") + cnf);
  }
}

TEST_F(Attacks, ATokenForOneServersEndpointReachesThatServerAlone_T57) {
  auto const reaches = [this](std::string const& audience) {
    auto const verdict = issuer.judge(good(claims_with("aud", audience)), kWall, kNow);
    EXPECT_EQ(verdict.kind, TokenIssuer::Verdict::Kind::caller);
    auto const& principal = *verdict.caller->principal;
    return std::pair(principal.reaches("github"), principal.reaches("docs"));
  };
  EXPECT_EQ(reaches(R"("https://mcp.example/mcp/github")"), std::pair(true, false));
  EXPECT_EQ(reaches(R"(["https://mcp.example/mcp/github","https://mcp.example/mcp/docs"])"),
            std::pair(true, true));
  EXPECT_EQ(reaches(R"(["https://mcp.example/mcp/github","https://mcp.example/mcp"])"),
            std::pair(true, true));
}

TEST_F(Attacks, TimesAtAndBeyondTheirEdges_T57) {
  for (char const* const exp : {"", "null", "\"1000300\"", "0", "-1", "999970", "999000", "true", "[1000300]",
                                "{}", "1e400", "253402300800", "-0.5", "\"never\"", "999970.999"}) {
    refuse(good(claims_with("exp", exp)), std::string("exp ") + exp);
  }
  for (char const* const nbf :
       {"null", "\"999900\"", "1000031", "1000300", "-1", "253402300800", "[]", "true"}) {
    refuse(good(claims_with("nbf", nbf)), std::string("nbf ") + nbf);
  }
  for (char const* const iat : {"null", "\"999900\"", "1000031", "2000000", "-5", "{}"}) {
    refuse(good(claims_with("iat", iat)), std::string("iat ") + iat);
  }
  EXPECT_TRUE(accepted(good(claims_with("exp", "999971"))));
  EXPECT_TRUE(accepted(good(claims_with("nbf", "1000030"))));
  auto const token = good();  // known by now, and yet not a moment longer
  EXPECT_TRUE(accepted(token, kWall + 330s - 1ms));
  refuse(token, "known and expired", kWall + 330s);
}

TEST_F(Attacks, FormsThatHaveTwoReadings_T57) {
  auto const token = good();
  auto const first = token.find('.');
  auto const second = token.rfind('.');
  auto const header = token.substr(0, first), payload = token.substr(first + 1, second - first - 1),
             signature = token.substr(second + 1);
  for (auto const& form : {std::string(),
                           std::string("."),
                           std::string(".."),
                           std::string("..."),
                           header,
                           header + "." + payload,
                           header + "." + payload + ".",
                           "." + payload + "." + signature,
                           header + ".." + signature,
                           token + ".",
                           "." + token,
                           token + "." + signature,
                           token + "=",
                           token + "==",
                           header + "=." + payload + "." + signature,
                           header + "." + payload + "=." + signature,
                           token + " ",
                           " " + token,
                           token + "\n",
                           token + std::string(1, '\0'),
                           header + " ." + payload + "." + signature,
                           payload + "." + header + "." + signature,
                           signature + "." + payload + "." + header,
                           header + "." + payload + "." + payload,
                           token + token,
                           header + "." + signature + "." + payload,
                           "Bearer " + token,
                           token + ",",
                           "\"" + token + "\""}) {
    refuse(form, form);
  }
  auto const claims = claims_with("", "");
  for (auto const& text :
       {std::string("[") + claims + "]", claims + claims, claims + " x", claims.substr(1), std::string(),
        std::string("null"), claims.substr(0, claims.size() - 1) + R"(,"sub":"root"})",
        claims.substr(0, claims.size() - 1) + R"(,"\u0073ub":"root"})",
        claims.substr(0, claims.size() - 1) + R"(,"exp":9999999999})",
        claims.substr(0, claims.size() - 1) + ",\"x\":\"\xFF\"}", "\xEF\xBB\xBF" + std::string("x") + claims,
        claims.substr(0, claims.size() - 1) + ",}"}) {
    refuse(good(text), "claims " + text);
  }
  for (char const* const twice :
       {R"({"alg":"ES256","alg":"ES256","kid":"ec"})", R"({"alg":"none","alg":"ES256","kid":"ec"})",
        R"({"alg":"ES256","alg":"none","kid":"ec"})", R"({"alg":"ES256","kid":"x","kid":"ec"})",
        R"({"alg":"ES256","\u0061lg":"ES256","kid":"ec"})", R"([{"alg":"ES256","kid":"ec"}])", R"("ES256")",
        "{}"}) {
    refuse(under(twice, free_ec(), claims), twice);
  }
  refuse(good(claims_with("x", "\"" + std::string(16'000, 'a') + "\"")), "too long");
}

TEST_F(Attacks, SignaturesThatAreNotTheOne_T57) {
  for (auto const* const key : {&ec(), &rsa()}) {
    auto const token = std::string(key->sign(claims_with("", ""), key == &ec() ? "ec" : "rsa")->reveal());
    auto const at = token.rfind('.') + 1;
    auto const part = token.substr(0, at);
    auto const bytes = *base::from_base64url(std::string_view(token).substr(at));
    for (std::size_t i = 0; i < bytes.size(); i += bytes.size() / 16) {
      auto changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      refuse(part + to_base64url(changed), "bit");
    }
    for (auto const& wrong :
         {bytes.substr(1), bytes.substr(0, bytes.size() - 1), bytes + '\0', '\0' + bytes,
          std::string(bytes.size(), '\0'), std::string(bytes.size(), '\xFF'), bytes + bytes,
          std::string(1, '\0'), bytes.substr(bytes.size() / 2),
          bytes.substr(bytes.size() / 2) + bytes.substr(0, bytes.size() / 2),
          "\x30\x44\x02\x20" + bytes.substr(0, 32) + "\x02\x20" + bytes.substr(bytes.size() - 32)}) {
      refuse(part + to_base64url(wrong), "form");
    }
    auto const stray = token.substr(0, token.size() - 1) + (token.back() == 'A' ? 'B' : 'A');
    refuse(stray, "last digit");
  }
}

// The bug that began it all: a cache that knows tokens by their last part.
TEST_F(Attacks, AForgedTokenWithTheSignatureOfAKnownOne_F01) {
  auto const known = good();
  ASSERT_TRUE(accepted(known));
  auto const signature = known.substr(known.rfind('.'));
  for (auto const& claims :
       {claims_with("sub", "\"root\""), claims_with("exp", "9000000"), claims_with("groups", "[\"admin\"]"),
        claims_with("aud", "\"x\""), std::string("{}")}) {
    refuse(to_base64url(kHeader) + "." + to_base64url(claims) + signature, claims);
    refuse(to_base64url(R"({"alg":"none"})") + "." + to_base64url(claims) + signature, claims);
  }
  refuse("x.y" + signature, "x.y");
  EXPECT_TRUE(accepted(known));
}

}  // namespace
}  // namespace weir::auth
