#include "net/internal/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace weir::net::internal {
namespace {

using OwnedBio = std::unique_ptr<BIO, FreedWith<&BIO_free_all>>;

OwnedBio reading(std::string_view text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int no_password(char*, int, int, void*) { return -1; }

}  // namespace

std::optional<std::vector<OwnedCertificate>> certificates_in(std::string_view pem) {
  ERR_clear_error();
  std::vector<OwnedCertificate> all;
  auto const text = reading(pem);
  while (text) {
    OwnedCertificate next(PEM_read_bio_X509(text.get(), nullptr, &no_password, nullptr));
    if (next) {
      all.push_back(std::move(next));
      continue;
    }
    auto const why = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE) return all;
    break;
  }
  return std::nullopt;
}

OwnedKey key_in(std::string_view pem) {
  auto const text = reading(pem);
  OwnedKey key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, &no_password, nullptr) : nullptr);
  ERR_clear_error();
  return key;
}

}  // namespace weir::net::internal
