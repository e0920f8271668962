// What the alert that a server ended a fresh connection with says of the client certificate it asked for.
//
// A brain: no I/O, no state, any thread.
#pragma once

#include <optional>
#include <string>

namespace weir::net::internal {

struct CertificateRefusal {
  std::string what;  // "wants …": the server does
  std::string cure;  // "set …": an operator has to
};

// `alert`: as RFC 8446 numbers them, 0 for none. `configured`: we have a certificate, which OpenSSL shows
// only if it is of a kind that was asked for. Nothing: it ended for another reason, as far as can be told.
std::optional<CertificateRefusal> certificate_refusal(int alert, bool asked, bool configured);

}  // namespace weir::net::internal
