#include "net/internal/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <climits>

#include "net/internal/client_certificate.hpp"
#include "net/internal/tls_sessions.hpp"

namespace weir::net::internal {

namespace {

constexpr std::size_t kSubjectBytesMax = 512;  // a longer one names nobody

// As RFC 4514 writes it: control characters and what is not ASCII are escaped.
std::string subject_of(X509 const& certificate) {
  std::unique_ptr<BIO, FreedWith<&BIO_free_all>> const out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  long const size = BIO_get_mem_data(out.get(), &text);
  if (size <= 0 || static_cast<std::size_t>(size) > kSubjectBytesMax) return {};
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<FdWatch> watch, std::string peer, ssl_st* ssl, Role role)
    : SocketStream(std::move(watch), S_IFSOCK, std::move(peer)), ssl_(ssl), role_(role) {
  SSL_set_fd(ssl_, fd());
  (role == Role::client ? SSL_set_connect_state : SSL_set_accept_state)(ssl_);
  if (role == Role::server) return;
  auto const note_asked = [](SSL*, void* stream) {
    static_cast<TlsStream*>(stream)->asked_ = true;
    return 1;  // go on with what the context has
  };
  SSL_set_cert_cb(ssl_, note_asked, this);
}

TlsStream::~TlsStream() {
  // Else OpenSSL takes a connection that ends without a farewell for a broken one, and its session with it.
  if (sound_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

TlsStream::Shake TlsStream::handshake() noexcept {
  ERR_clear_error();
  int const returned = SSL_do_handshake(ssl_);
  if (returned == 1) {
    sound_ = true;
    if (role_ == Role::server) read_certificate();
    return Shake::done;
  }
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ: read_ready_.reset(); return Shake::wants_read;
    case SSL_ERROR_WANT_WRITE: write_ready_.reset(); return Shake::wants_write;
    default: note_alert(); return Shake::failed;
  }
}

void TlsStream::resume(std::string host) {
  host_ = std::move(host);
  TlsSessions::offer(*ssl_, host_);
}

bool TlsStream::resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

// Of a client: the handshake has verified it, or there is none.
void TlsStream::read_certificate() {
  OwnedCertificate const shown(SSL_get1_peer_certificate(ssl_));
  if (!shown || SSL_get_verify_result(ssl_) != X509_V_OK) return;
  PeerCertificate read{subject_of(*shown), {}};
  unsigned size = 0;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (read.subject.empty() || X509_digest(shown.get(), EVP_sha256(), digest.data(), &size) != 1) return;
  read.sha256.assign(digest.begin(), digest.begin() + size);
  certificate_ = std::make_unique<PeerCertificate const>(std::move(read));
}

std::string TlsStream::failure() const {
  long const verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
  char text[256] = "the peer closed the connection during the TLS handshake";
  if (auto const code = ERR_peek_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return text;
}

// Where nothing is verified, the verdict is known all the same and decides nothing.
bool TlsStream::distrusted() const noexcept {
  return (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) != 0 && SSL_get_verify_result(ssl_) != X509_V_OK;
}

// OpenSSL says so of a first record that is none, such as "HTTP/1.1 400 Bad Request". Who speaks another
// version of TLS sends an alert.
bool TlsStream::answered_plainly() const noexcept {
  auto const code = ERR_peek_error();
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER;
}

// OpenSSL has a reason for each alert that it receives, above its own.
void TlsStream::note_alert() noexcept {
  auto const code = ERR_peek_error();
  int const alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && alert > 0) alert_ = alert;
}

// A client of TLS 1.3 is done with its handshake before the server has seen its certificate, and hears of it
// when it reads. Until then the server takes no data, so whatever was sent was not executed.
std::optional<base::Error> TlsStream::refusal() const {
  if (role_ == Role::server || heard_) return std::nullopt;
  auto const why = certificate_refusal(alert_, asked_, SSL_get_certificate(ssl_) != nullptr);
  if (!why) return std::nullopt;
  return base::Error(base::Fault::connect_failed, base::Blame::gateway,
                     "TLS with " + peer() + ": it " + why->what + ": " + why->cure, base::Retry::never)
      .advise("The server " + why->what + "; an operator has to " + why->cure + ".");
}

// `wanted` is what the direction of `ready` waits for. Where OpenSSL wants the other one, whoever waits for
// this one would spin on an event that is set. A write never does, without renegotiation. A read does while
// the answer to a key update is stuck because the peer takes no bytes: that peer is given up.
IoResult TlsStream::outcome(int returned, int wanted, base::Event& ready) noexcept {
  int const why = SSL_get_error(ssl_, returned);
  if (why == SSL_ERROR_ZERO_RETURN) return {IoState::ended};
  if (why != wanted) {
    sound_ = false;
    note_alert();
    return {IoState::failed};
  }
  ready.reset();
  return {IoState::blocked};
}

IoResult TlsStream::read(std::span<char> into) noexcept {
  if (watch().paused()) return {IoState::blocked};
  ERR_clear_error();
  int const size = into.size() > INT_MAX ? INT_MAX : static_cast<int>(into.size());
  int const got = SSL_read(ssl_, into.data(), size);
  if (got <= 0) return outcome(got, SSL_ERROR_WANT_READ, read_ready_);
  heard_ = true;
  // OpenSSL may hold more decrypted bytes than the kernel will ever announce: stay ready until it says
  // otherwise.
  auto const bytes = static_cast<std::size_t>(got);
  if (watch().may_go_on(bytes)) {
    read_ready_.set();
  } else {
    read_ready_.reset();
  }
  return {IoState::moved, bytes};
}

IoResult TlsStream::write(std::span<iovec const> from) noexcept {
  std::size_t moved = 0;
  for (auto const& part : from) {
    std::size_t done = 0;
    while (done < part.iov_len) {
      std::size_t const left = part.iov_len - done;
      ERR_clear_error();
      int const put = SSL_write(ssl_, static_cast<char const*>(part.iov_base) + done,
                                left > INT_MAX ? INT_MAX : static_cast<int>(left));
      if (put <= 0) {
        IoResult const stopped = outcome(put, SSL_ERROR_WANT_WRITE, write_ready_);
        return moved > 0 && stopped.state == IoState::blocked ? IoResult{IoState::moved, moved} : stopped;
      }
      done += static_cast<std::size_t>(put);
      moved += static_cast<std::size_t>(put);
    }
  }
  return {IoState::moved, moved};
}

void TlsStream::shutdown_write() noexcept {
  SSL_shutdown(ssl_);
  SocketStream::shutdown_write();
}

}  // namespace weir::net::internal
