#include "net/internal/client_certificate.hpp"

#include <openssl/ssl.h>

namespace weir::net::internal {

namespace {

constexpr char kWanted[] = "wants a client certificate, and none is configured";
constexpr char kSetOne[] = "set `cert` and `key` in `servers.NAME.tls`";
constexpr char kUnfit[] = "wants a client certificate of another kind than the one in `servers.NAME.tls`";
constexpr char kSetAnother[] = "set `cert` and `key` of a kind that it takes";
constexpr char kSeeItsLog[] = "look in its log for the reason";
constexpr char kReplace[] = "put a new one in its place";

struct Row {
  int alert;
  char const* as;
  char const* cure;
};
constexpr Row kRefused[] = {
    {SSL_AD_BAD_CERTIFICATE, "bad", kSeeItsLog},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "of an unsupported kind", kSetAnother},
    {SSL_AD_CERTIFICATE_REVOKED, "revoked", kReplace},
    {SSL_AD_CERTIFICATE_EXPIRED, "expired", kReplace},
    {SSL_AD_CERTIFICATE_UNKNOWN, "unacceptable", kSeeItsLog},
    {SSL_AD_UNKNOWN_CA, "of an unknown authority",
     "set one of an authority that it knows, with the whole chain in `cert`"},
    {SSL_AD_ACCESS_DENIED, "not allowed in", kSeeItsLog},
};

Row const* row_of(int alert) noexcept {
  for (auto const& row : kRefused) {
    if (row.alert == alert) return &row;
  }
  return nullptr;
}

}  // namespace

// Before TLS 1.3 there was no alert for a certificate that is missing: servers say `handshake_failure`, which
// means anything, or one of those that are for certificates. That they had asked for one tells it apart.
std::optional<CertificateRefusal> certificate_refusal(int alert, bool asked, bool configured) {
  bool const required = alert == SSL_AD_CERTIFICATE_REQUIRED;
  auto const* const row = asked ? row_of(alert) : nullptr;
  if (configured && required) return CertificateRefusal{kUnfit, kSetAnother};
  if (configured && row != nullptr) {
    return CertificateRefusal{
        std::string("refuses the client certificate in `servers.NAME.tls` as ").append(row->as), row->cure};
  }
  bool const missed = required || row != nullptr || (asked && alert == SSL_AD_HANDSHAKE_FAILURE);
  if (configured || !missed) return std::nullopt;
  return CertificateRefusal{kWanted, kSetOne};
}

}  // namespace weir::net::internal
