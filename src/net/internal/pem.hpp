// Certificates and keys out of PEM text, as objects that free themselves. Over OpenSSL; pure functions.
//
// Nothing is asked of a terminal: a key that is encrypted cannot be read here.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::net::internal {

template <auto Free>
struct FreedWith {
  template <class T>
  void operator()(T* it) const noexcept {
    Free(it);
  }
};
using OwnedCertificate = std::unique_ptr<X509, FreedWith<&X509_free>>;
using OwnedKey = std::unique_ptr<EVP_PKEY, FreedWith<&EVP_PKEY_free>>;

// In order; none for text without any. Nothing: one of them is damaged.
std::optional<std::vector<OwnedCertificate>> certificates_in(std::string_view pem);
OwnedKey key_in(std::string_view pem);  // null: there is none that can be read

}  // namespace weir::net::internal
