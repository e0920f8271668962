#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/task_group.hpp"
#include "net/dialer.hpp"
#include "net/http_client.hpp"
#include "net/internal/name_lookup.hpp"
#include "net/internal/tls_stream.hpp"
#include "net/side_thread.hpp"
#include "net/trusted_dialer.hpp"
#include "support/tls_peer.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

constexpr char kPlainAnswer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
constexpr char kAnswer[] = "HTTP/1.1 204 No Content\r\n\r\n";

// Shakes hands on 127.0.0.1, one connection after the other, and closes them.
class TlsServer {
 public:
  explicit TlsServer(std::string const& names, test::TlsPeer::Life life = {}) : peer(names, "test", life) {
    EXPECT_EQ(::bind(listening_, address(), at_.length), 0);
    EXPECT_EQ(::listen(listening_, 16), 0);
    EXPECT_EQ(::getsockname(listening_, address(), &at_.length), 0);
    thread_ = std::thread([this] {
      for (int fd = -1; (fd = ::accept(listening_, nullptr, nullptr)) >= 0; ::close(fd)) {
        if (hangs_up) continue;
        if (plain) {
          std::array<char, 4096> greeting;
          EXPECT_GT(::read(fd, greeting.data(), greeting.size()), 0);
          EXPECT_GT(::write(fd, kPlainAnswer, sizeof kPlainAnswer - 1), 0);
          continue;
        }
        auto const ssl = peer.over(fd, version_max);
        if (auto const* const client = wants.load()) {
          answer_only(*client, *ssl);
          continue;
        }
        if (SSL_accept(ssl.get()) == 1) SSL_write(ssl.get(), "x", 1);
        SSL_shutdown(ssl.get());
      }
    });
  }
  ~TlsServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  TlsServer(TlsServer const&) = delete;
  TlsServer& operator=(TlsServer const&) = delete;
  std::uint16_t port() const { return ntohs(reinterpret_cast<sockaddr_in const&>(at_.storage).sin_port); }

  test::TlsPeer const peer;
  std::atomic<bool> hangs_up = false;
  std::atomic<bool> plain = false;  // has never heard of TLS
  std::atomic<int> version_max = TLS1_3_VERSION;
  std::atomic<test::TlsPeer const*> wants = nullptr;  // speaks HTTP, and with this client alone

 private:
  static void answer_only(test::TlsPeer const& client, SSL& ssl) {
    X509_STORE* const known = X509_STORE_new();
    X509_STORE_add_cert(known, SSL_CTX_get0_certificate(client.native()));
    SSL_set0_verify_cert_store(&ssl, known);
    SSL_set_verify(&ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    std::array<char, 4096> request;
    if (SSL_accept(&ssl) != 1 || SSL_read(&ssl, request.data(), request.size()) <= 0) return;
    SSL_write(&ssl, kAnswer, sizeof kAnswer - 1);
    SSL_shutdown(&ssl);
  }
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&at_.storage); }
  int listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  internal::SocketAddress at_ = *internal::numeric_address("127.0.0.1", 0);
  std::thread thread_;
};

// `trusted`: whom it trusts.
base::Result<std::unique_ptr<Stream>> dial(TlsServer const& server, std::string const& host,
                                           test::TlsPeer const& trusted) {
  base::SystemClock clock;
  IoLoop loop(clock);
  auto const tls = trusted.trusting();
  auto const here = [](std::string const&, std::uint16_t port) {
    return internal::Found{{*internal::numeric_address("127.0.0.1", port)}, ""};
  };
  NetDialer dialer(loop, tls.get(), std::make_unique<internal::NameLookups>(loop, here));
  base::Result<std::unique_ptr<Stream>> made = nullptr;
  base::TaskGroup tasks(loop);
  tasks.spawn([](NetDialer& by, IoLoop& l, Endpoint const to,
                 base::Result<std::unique_ptr<Stream>>& into) -> base::Task<void> {
    into = co_await by.dial(to, l.now() + 20s);
    if (into) into->reset();  // it dies with its loop
    l.stop();
  }(dialer, loop, Endpoint{true, host, server.port()}, made));
  loop.run();
  return made;
}

base::Result<std::unique_ptr<Stream>> dial(TlsServer const& server, std::string const& host) {
  return dial(server, host, server.peer);
}

TEST(TlsDial, ACertificateThatIsNotTrustedIsNotTriedAgainAndAHandshakeThatBreaksIs) {
  TlsServer server("DNS:right.example");
  TlsServer const expired("DNS:right.example", {-7200, -3600});
  test::TlsPeer const stranger("DNS:right.example");
  struct Case {
    char const* why;
    base::Result<std::unique_ptr<Stream>> seen;
  };
  Case const untrusted[] = {{"self-signed", dial(server, "right.example", stranger)},
                            {"mismatch", dial(server, "wrong.example")},
                            {"expired", dial(expired, "right.example")}};
  for (auto const& [why, seen] : untrusted) {
    ASSERT_FALSE(seen) << why;
    EXPECT_EQ(seen.error().fault, base::Fault::connect_failed) << why;
    EXPECT_EQ(seen.error().retry, base::Retry::never) << why;
    EXPECT_NE(seen.error().detail.find(why), std::string::npos) << seen.error().detail;
    EXPECT_NE(seen.error().hint.find("certificate"), std::string::npos) << why;
  }
  server.hangs_up = true;
  auto const broken = dial(server, "right.example");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().fault, base::Fault::connect_failed);
  EXPECT_EQ(broken.error().retry, base::Retry::always) << broken.error().detail;
}

TEST(TlsDial, APortThatSpeaksNoTlsIsNamed) {
  TlsServer server("DNS:right.example");
  server.plain = true;
  auto const stream = dial(server, "right.example");
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, base::Fault::connect_failed);
  EXPECT_EQ(stream.error().retry, base::Retry::always) << "never is for certificates";
  EXPECT_EQ(stream.error().detail, "TLS with right.example:" + std::to_string(server.port()) +
                                       ": the port answers without TLS: write http:// or turn TLS on there");
  EXPECT_NE(stream.error().hint, "");
}

TEST(TlsDial, TheNameOrAddressThatWasDialledMustStandInTheCertificate) {
  TlsServer const server("DNS:right.example,IP:127.0.0.1");
  for (auto const* const host : {"right.example", "127.0.0.1"}) {
    auto const stream = dial(server, host);
    EXPECT_TRUE(stream) << host << ": " << stream.error().detail;
  }
  TlsServer const elsewhere("DNS:elsewhere.example,IP:127.0.0.2");
  for (auto const* const host : {"right.example", "127.0.0.1"}) {
    auto const stream = dial(elsewhere, host);
    ASSERT_FALSE(stream) << host;
    EXPECT_EQ(stream.error().fault, base::Fault::connect_failed);
    EXPECT_NE(stream.error().detail.find("mismatch"), std::string::npos) << stream.error().detail;
  }
}

TEST(TlsDial, AnAddressThatNoCertificateCanNameIsRefused) {
  TlsServer const server("DNS:other.example");
  for (auto const* const host : {"127.1", "0x7f000001", "2130706433", "017700000001"}) {
    auto const stream = dial(server, host);
    ASSERT_FALSE(stream) << host;
    EXPECT_EQ(stream.error().fault, base::Fault::config);
    EXPECT_EQ(stream.error().detail, std::string("TLS cannot verify the host ") + host);
  }
}

// Dials by one trust after the other, one byte each; says for each whether it went well and was resumed.
struct Dialled {
  bool done = false;
  bool resumed = false;
  std::string failure;
};

std::vector<Dialled> dial_in_turn(std::uint16_t port, std::vector<TlsProfile> const& profiles) {
  base::SystemClock clock;
  base::SystemRandom random;
  IoLoop loop(clock);
  SideThread side;
  TlsContexts contexts(
      clock, random, {}, [](TlsProfile const& profile) { return TlsContext::client(profile, nullptr); },
      [&side](std::function<void()> work) { return side.give(std::move(work)); });
  auto const slot = std::make_shared<TrustSlot>(contexts.trust(profiles.front()));
  NetDialer dialer(loop, nullptr);
  TrustedDialer trusted(dialer, contexts, slot);
  std::vector<Dialled> all;
  auto const go = [](std::vector<TlsProfile> const& by, TlsContexts& made, TrustSlot& into, Dialer& with,
                     Endpoint const to, IoLoop& l, std::vector<Dialled>& out) -> base::Task<void> {
    for (auto const& profile : by) {
      into.set(made.trust(profile));
      auto stream = co_await with.dial(to, l.now() + 20s);
      Dialled seen;
      seen.done = stream.has_value();
      if (stream) {
        seen.resumed = static_cast<internal::TlsStream&>(**stream).resumed();
        std::array<char, 8> buffer;
        while ((*stream)->read(buffer).state == IoState::blocked) co_await (*stream)->readable();
      } else {
        seen.failure = stream.error().detail;
      }
      out.push_back(seen);
    }
    l.stop();
  };
  base::TaskGroup tasks(loop);
  tasks.spawn(go(profiles, contexts, *slot, trusted, Endpoint{true, "127.0.0.1", port}, loop, all));
  loop.run();
  return all;
}

TlsProfile trusting(test::TlsPeer const& peer) {
  TlsProfile profile;
  profile.authorities = peer.certificate_pem();
  return profile;
}

TEST(TrustedDialer, ARotatedAuthorityIsInUseWithTheNextConnection_F23) {
  TlsServer const server("IP:127.0.0.1");
  test::TlsPeer const other("IP:127.0.0.1");
  auto const seen = dial_in_turn(server.port(), {trusting(other), trusting(server.peer), trusting(other)});
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_FALSE(seen[0].done);
  EXPECT_NE(seen[0].failure.find("self-signed"), std::string::npos) << seen[0].failure;
  EXPECT_TRUE(seen[1].done) << seen[1].failure;
  EXPECT_FALSE(seen[2].done);  // nothing that another trust has agreed is used
}

TEST(TrustedDialer, TheNextHandshakeWithTheSameHostIsShortAndNeverUnderAnotherIdentity) {
  TlsServer const server("IP:127.0.0.1");
  test::TlsPeer const self("DNS:client");
  auto plain = trusting(server.peer);
  auto named = plain;
  named.chain = self.certificate_pem();
  named.key = base::Secret(self.key_pem());
  auto const seen = dial_in_turn(server.port(), {plain, plain, named, named, plain});
  ASSERT_EQ(seen.size(), 5U);
  std::vector<bool> resumed;
  for (auto const& each : seen) {
    EXPECT_TRUE(each.done) << each.failure;
    resumed.push_back(each.resumed);
  }
  EXPECT_EQ(resumed, (std::vector<bool>{false, true, false, true, true}));
}

TEST(TrustedDialer, WithoutVerificationAnyNameWillDoAndTheContextIsAnother) {
  TlsServer const server("DNS:elsewhere");
  auto checking = trusting(server.peer);
  auto trustful = checking;
  trustful.verify = false;
  auto const seen = dial_in_turn(server.port(), {trustful, checking});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].done);
  EXPECT_FALSE(seen[1].done);
}

// The status of its answer to one request; `as`: null for a client without a certificate.
base::Result<int> ask(TlsServer const& server, test::TlsPeer const* as) {
  base::SystemClock clock;
  IoLoop loop(clock);
  auto profile = trusting(server.peer);
  if (as != nullptr) {
    profile.chain = as->certificate_pem();
    profile.key = base::Secret(as->key_pem());
  }
  auto const context = TlsContext::client(profile, nullptr);
  NetDialer dialer(loop, context->get());
  base::Result<int> status = 0;
  base::TaskGroup tasks(loop);
  tasks.spawn([](NetDialer& by, IoLoop& l, std::uint16_t port, base::Result<int>& into) -> base::Task<void> {
    {
      HttpClient client(l, by, Endpoint{true, "127.0.0.1", port}, {});
      auto const reply = co_await client.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", {});
      into = reply ? base::Result<int>(reply->head.status) : base::Result<int>(reply.error());
    }
    l.stop();
  }(dialer, loop, server.port(), status));
  loop.run();
  return status;
}

// With TLS 1.2 the dialer hears of it, with 1.3 whoever reads the answer to the first request.
TEST(TlsDial, AServerThatWantsAnotherClientCertificateSaysWhichInItsError) {
  TlsServer server("IP:127.0.0.1");
  test::TlsPeer const known("DNS:client");
  test::TlsPeer const stranger("DNS:client", "stranger", {});
  test::TlsPeer const expired("DNS:client", "test", {-7200, -3600});
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    server.version_max = version;
    struct Case {
      test::TlsPeer const* wanted;
      test::TlsPeer const* shown;
      char const* why;
    };
    for (auto const& [wanted, shown, why] :
         {Case{&known, nullptr, "wants a client certificate, and none"},
          Case{&known, &stranger, "as of an unknown authority"}, Case{&expired, &expired, "as expired"}}) {
      server.wants = wanted;
      auto const seen = ask(server, shown);
      ASSERT_FALSE(seen) << why;
      auto const& error = seen.error();
      EXPECT_EQ(error.detail.find("TLS with 127.0.0.1: it "), 0U) << error.detail;
      EXPECT_NE(error.detail.find(why), std::string::npos) << error.detail << ", version " << version;
      EXPECT_NE(error.detail.find("`servers.NAME.tls`"), std::string::npos) << error.detail;
      EXPECT_NE(error.hint.find(why), std::string::npos) << error.hint;
      EXPECT_EQ(error.fault, base::Fault::connect_failed) << "it has executed nothing";
      EXPECT_EQ(error.blame, base::Blame::gateway) << "so that status has the cure";
      EXPECT_EQ(error.retry, base::Retry::never);
    }
    server.wants = &known;
    auto const welcome = ask(server, &known);
    ASSERT_TRUE(welcome) << welcome.error().detail;
    EXPECT_EQ(*welcome, 204);
  }
}

}  // namespace
}  // namespace weir::net
