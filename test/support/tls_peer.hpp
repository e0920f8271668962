// TlsPeer: a server's side of TLS, for tests of ours: a key, and a certificate that names what a test says.
//
// Signed by itself: whoever trusts it trusts the one certificate. `trusting()` is a context that does.
// OpenSSL writes without MSG_NOSIGNAL, so SIGPIPE is ignored from then on. One thread at a time.
#pragma once

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "net/tls_context.hpp"

namespace weir::test {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* it) const noexcept {
    Free(it);
  }
};
using OwnedSsl = std::unique_ptr<SSL, FreedBy<&SSL_free>>;

class TlsPeer {
 public:
  struct Life {  // seconds from now
    long begin = -3600;
    long end = 3600;
  };

  // `names` as a subjectAltName has them: "DNS:localhost,IP:127.0.0.1".
  explicit TlsPeer(std::string const& names) : TlsPeer(names, "test", Life{}) {}
  TlsPeer(std::string const& names, std::string const& common_name, Life life)
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    ::signal(SIGPIPE, SIG_IGN);
    X509* const it = certificate_.get();
    X509_set_version(it, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(it), 1);
    X509_gmtime_adj(X509_getm_notBefore(it), life.begin);
    X509_gmtime_adj(X509_getm_notAfter(it), life.end);
    X509_set_pubkey(it, key_.get());
    auto const* const common = reinterpret_cast<unsigned char const*>(common_name.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(it, X509_get_subject_name(it));
    std::unique_ptr<X509_EXTENSION, FreedBy<&X509_EXTENSION_free>> const alternatives(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
    X509_add_ext(it, alternatives.get(), -1);
    X509_sign(it, key_.get(), EVP_sha256());
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), it);
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
  }

  std::shared_ptr<net::TlsContext const> trusting() const {
    std::string path = "/tmp/weir-tls-peer-XXXXXX";
    std::FILE* const file = ::fdopen(::mkstemp(path.data()), "w");
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
    ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    auto context = net::TlsContext::system();
    ::unsetenv("SSL_CERT_FILE");
    std::remove(path.c_str());
    return context ? *context : nullptr;
  }

  std::string certificate_pem() const {
    return written([this](BIO* out) { PEM_write_bio_X509(out, certificate_.get()); });
  }
  std::string key_pem() const {
    return written([this](BIO* out) {
      PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  SSL_CTX* native() const noexcept { return context_.get(); }

  // The server's side of a connection, over a descriptor that stays the caller's. SSL_accept() next.
  OwnedSsl over(int fd, int version_max = TLS1_3_VERSION) const {
    OwnedSsl side(SSL_new(context_.get()));
    SSL_set_max_proto_version(side.get(), version_max);
    SSL_set_fd(side.get(), fd);
    return side;
  }

 private:
  template <class Write>
  static std::string written(Write write) {
    std::unique_ptr<BIO, FreedBy<&BIO_free_all>> const out(BIO_new(BIO_s_mem()));
    write(out.get());
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, FreedBy<&EVP_PKEY_free>> key_;
  std::unique_ptr<X509, FreedBy<&X509_free>> certificate_;
  std::unique_ptr<SSL_CTX, FreedBy<&SSL_CTX_free>> context_;
};

}  // namespace weir::test
