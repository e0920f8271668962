#include "net/tls_profile.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/assert.hpp"
#include "net/internal/pem.hpp"

namespace weir::net {
namespace {

using internal::OwnedCertificate;

std::string date_of(ASN1_TIME const* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  char text[16] = "";
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

// "has expired on …", or "".
std::string outside_its_time(X509 const& certificate, base::WallTime now) {
  std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  auto const* const end = X509_get0_notAfter(&certificate);
  if (X509_cmp_time(end, &seconds) <= 0) return "has expired on " + date_of(end);
  auto const* const begin = X509_get0_notBefore(&certificate);
  if (X509_cmp_time(begin, &seconds) > 0) return "is not valid before " + date_of(begin);
  return {};
}

std::optional<TlsFlaw> flaw_of_authorities(std::string const& pem, base::WallTime now) {
  if (pem.empty()) return std::nullopt;
  auto const found = internal::certificates_in(pem);
  if (!found) return TlsFlaw{TlsPart::authorities, "holds a damaged certificate", "write it again, as PEM"};
  if (found->empty())
    return TlsFlaw{TlsPart::authorities, "holds no certificate", "give the authority's certificate as PEM"};
  for (auto const& each : *found) {
    if (outside_its_time(*each, now).empty()) return std::nullopt;
  }
  return TlsFlaw{TlsPart::authorities, outside_its_time(*found->front(), now),
                 "put the authority's new certificate in its place"};
}

std::optional<TlsFlaw> flaw_of_chain(std::vector<OwnedCertificate> const& chain, base::WallTime now) {
  if (chain.empty())
    return TlsFlaw{TlsPart::chain, "holds no certificate", "give the certificate and its chain as PEM"};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    auto const outside = outside_its_time(*chain[i], now);
    if (outside.empty()) continue;
    auto const which = i == 0 ? std::string() : "certificate " + std::to_string(i + 1) + " of the chain ";
    return TlsFlaw{TlsPart::chain, which + outside, "put a renewed certificate in its place"};
  }
  return std::nullopt;
}

void feed(EVP_MAC_CTX* to, std::string_view bytes) {
  WEIR_ASSERT(EVP_MAC_update(to, reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size()) == 1);
}

// With its length before it, so that no two profiles are one text.
void feed_field(EVP_MAC_CTX* to, std::string_view field) {
  std::uint64_t const size = field.size();
  feed(to, {reinterpret_cast<char const*>(&size), sizeof size});
  feed(to, field);
}

std::uint64_t number_at(unsigned char const* bytes) noexcept {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8U | bytes[i];
  return number;
}

}  // namespace

std::optional<TlsFlaw> flaw_of(TlsProfile const& profile, base::WallTime now) {
  if (auto flaw = flaw_of_authorities(profile.authorities, now)) return flaw;
  if (profile.chain.empty() && profile.key.empty()) return std::nullopt;
  auto const chain = internal::certificates_in(profile.chain);
  if (!chain) return TlsFlaw{TlsPart::chain, "holds a damaged certificate", "write it again, as PEM"};
  if (auto flaw = flaw_of_chain(*chain, now)) return flaw;
  auto const key = internal::key_in(profile.key.reveal());
  if (!key)
    return TlsFlaw{TlsPart::key, "holds no private key that can be read", "give it as PEM, not encrypted"};
  bool const fits = X509_check_private_key(chain->front().get(), key.get()) == 1;
  ERR_clear_error();
  if (fits) return std::nullopt;
  return TlsFlaw{TlsPart::key, "is not the key of the certificate",
                 "give the key that the certificate was made for"};
}

base::Digest digest_of(TlsProfile const& profile, base::Secret const& secret) {
  using internal::FreedWith;
  std::unique_ptr<EVP_MAC, FreedWith<&EVP_MAC_free>> const mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  std::unique_ptr<EVP_MAC_CTX, FreedWith<&EVP_MAC_CTX_free>> const state(EVP_MAC_CTX_new(mac.get()));
  char hash[] = "SHA256";
  std::array const settings{OSSL_PARAM_construct_utf8_string("digest", hash, 0), OSSL_PARAM_construct_end()};
  auto const key = secret.reveal();
  WEIR_ASSERT(state != nullptr &&
              EVP_MAC_init(state.get(), reinterpret_cast<unsigned char const*>(key.data()), key.size(),
                           settings.data()) == 1);
  feed_field(state.get(), profile.authorities);
  feed_field(state.get(), profile.chain);
  feed_field(state.get(), profile.key.reveal());
  feed_field(state.get(), profile.verify ? "verify" : "");
  feed_field(state.get(), profile.only_13 ? "1.3" : "1.2");
  std::array<unsigned char, 32> bytes{};
  std::size_t size = 0;
  WEIR_ASSERT(EVP_MAC_final(state.get(), bytes.data(), &size, bytes.size()) == 1 && size == bytes.size());
  return {number_at(bytes.data()), number_at(bytes.data() + 8)};
}

}  // namespace weir::net
