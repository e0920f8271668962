#include "net/internal/client_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace weir::net::internal {
namespace {

std::string what(int alert, bool asked, bool configured) {
  auto const refusal = certificate_refusal(alert, asked, configured);
  EXPECT_TRUE(!refusal || !refusal->cure.empty()) << alert;
  return refusal ? refusal->what : "";
}

TEST(ClientCertificate, OneThatIsMissingIsToldWhateverAlertTheServerHasForIt) {
  for (int const alert : {SSL_AD_CERTIFICATE_REQUIRED, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_BAD_CERTIFICATE,
                          SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA}) {
    EXPECT_EQ(what(alert, true, false), "wants a client certificate, and none is configured") << alert;
  }
}

TEST(ClientCertificate, OneThatIsRefusedIsToldWithTheReason) {
  EXPECT_EQ(what(SSL_AD_CERTIFICATE_EXPIRED, true, true),
            "refuses the client certificate in `servers.NAME.tls` as expired");
  for (int const alert : {SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
                          SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED}) {
    EXPECT_EQ(what(alert, true, true).find("refuses the client certificate"), 0U) << alert;
  }
  EXPECT_EQ(what(SSL_AD_CERTIFICATE_REQUIRED, true, true).find("wants a client certificate of another kind"),
            0U)
      << "it was not shown";
}

TEST(ClientCertificate, NothingIsSaidOfOneThatNobodyAskedForOrOfAnotherFailure) {
  EXPECT_EQ(what(SSL_AD_HANDSHAKE_FAILURE, false, false), "") << "no cipher in common";
  EXPECT_EQ(what(SSL_AD_UNKNOWN_CA, false, true), "");
  EXPECT_EQ(what(SSL_AD_HANDSHAKE_FAILURE, true, true), "") << "may be anything";
  EXPECT_EQ(what(SSL_AD_INTERNAL_ERROR, true, false), "");
  EXPECT_EQ(what(0, true, false), "") << "it only closed the connection";
}

}  // namespace
}  // namespace weir::net::internal
