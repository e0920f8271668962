#include "net/tls_accept.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/task_group.hpp"
#include "support/tls_peer.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

// One client on a thread of its own, the server on a loop.
struct Arrivals : testing::Test {
  test::TlsPeer const own{"DNS:weir"};
  test::TlsPeer const known{"DNS:caller", "build robot", {}};
  test::TlsPeer const stranger{"DNS:caller", "build robot", {}};

  struct Seen {
    base::Result<std::unique_ptr<Stream>> stream = nullptr;
    std::string subject;
    std::size_t digest_bytes = 0;
    bool client_done = false;
    std::string alpn;
  };

  // `as`: null for a client without a certificate. `offers`: a list as ALPN has it.
  Seen meet(bool asks_clients, test::TlsPeer const* as, std::string const& offers = "",
            int version_max = TLS1_3_VERSION, std::string const& raw = "") {
    TlsProfile profile;
    profile.chain = own.certificate_pem();
    profile.key = base::Secret(own.key_pem());
    if (asks_clients) profile.authorities = known.certificate_pem();
    auto const context = TlsContext::server(profile);
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    Seen seen;
    std::thread client([&] {
      if (!raw.empty()) {
        EXPECT_EQ(::write(ends[1], raw.data(), raw.size()), static_cast<ssize_t>(raw.size()));
        return;
      }
      std::unique_ptr<SSL_CTX, test::FreedBy<&SSL_CTX_free>> const mine(SSL_CTX_new(TLS_client_method()));
      SSL_CTX_set_max_proto_version(mine.get(), version_max);
      SSL_CTX_set_security_level(mine.get(), 0);
      if (as != nullptr) {
        SSL_CTX_use_certificate(mine.get(), SSL_CTX_get0_certificate(as->native()));
        SSL_CTX_use_PrivateKey(mine.get(), SSL_CTX_get0_privatekey(as->native()));
      }
      test::OwnedSsl const ssl(SSL_new(mine.get()));
      auto const* const list = reinterpret_cast<unsigned char const*>(offers.data());
      if (!offers.empty()) SSL_set_alpn_protos(ssl.get(), list, static_cast<unsigned>(offers.size()));
      SSL_set_fd(ssl.get(), ends[1]);
      seen.client_done = SSL_connect(ssl.get()) == 1;
      unsigned char const* chosen = nullptr;
      unsigned length = 0;
      SSL_get0_alpn_selected(ssl.get(), &chosen, &length);
      if (length > 0) seen.alpn.assign(reinterpret_cast<char const*>(chosen), length);
    });
    base::SystemClock clock;
    IoLoop loop(clock);
    base::TaskGroup tasks(loop);
    tasks.spawn([](Seen& into, IoLoop& l, std::unique_ptr<TlsArrival> arrival) -> base::Task<void> {
      into.stream = co_await arrival->shake_hands(l.now() + 20s);
      arrival.reset();
      if (into.stream) {
        if (auto const* const shown = (*into.stream)->certificate()) {
          into.subject = shown->subject;
          into.digest_bytes = shown->sha256.size();
        }
        into.stream->reset();  // it dies with its loop
      }
      l.stop();
    }(seen, loop, TlsArrival::adopt(loop, ends[0], "client", **context)));
    loop.run();
    client.join();
    ::close(ends[1]);
    return seen;
  }
};

TEST_F(Arrivals, AClientThatIsNotAskedShakesHandsWithoutACertificate) {
  auto const seen = meet(false, &known);
  EXPECT_TRUE(seen.stream) << seen.stream.error().detail;
  EXPECT_TRUE(seen.client_done);
  EXPECT_EQ(seen.subject, "");
}

TEST_F(Arrivals, AKnownCertificateSaysWhoItIs) {
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto const seen = meet(true, &known, "", version);
    EXPECT_TRUE(seen.stream) << seen.stream.error().detail;
    EXPECT_EQ(seen.subject, "CN=build robot");
    EXPECT_EQ(seen.digest_bytes, 32U);
  }
}

TEST_F(Arrivals, ACertificateIsOptionalAndOneOfSomebodyElseIsRefused) {
  auto const without = meet(true, nullptr);
  EXPECT_TRUE(without.stream);
  EXPECT_EQ(without.subject, "");
  auto const forged = meet(true, &stranger);  // the same name, signed by another
  ASSERT_FALSE(forged.stream);
  EXPECT_EQ(forged.stream.error().fault, base::Fault::protocol);
  EXPECT_EQ(forged.stream.error().blame, base::Blame::client);
}

TEST_F(Arrivals, HttpIsChosenAndAClientThatSpeaksOnlySomethingElseIsToldNo) {
  EXPECT_EQ(meet(false, nullptr, "\x02h2\x08http/1.1").alpn, "http/1.1");
  EXPECT_FALSE(meet(false, nullptr, "\x02h2").client_done);
}

TEST_F(Arrivals, NothingOlderThanTls12IsSpoken) {
  EXPECT_TRUE(meet(false, nullptr, "", TLS1_2_VERSION).client_done);
  EXPECT_FALSE(meet(false, nullptr, "", TLS1_1_VERSION).client_done);
}

TEST_F(Arrivals, PlainHttpIsAFailedHandshakeNotAHang) {
  auto const seen = meet(false, nullptr, "", TLS1_3_VERSION, "GET /mcp HTTP/1.1\r\nHost: weir\r\n\r\n");
  ASSERT_FALSE(seen.stream);
  EXPECT_EQ(seen.stream.error().fault, base::Fault::protocol);
}

TEST(TlsArrival, AClientThatSaysNothingIsGivenUpAtTheDeadline) {
  test::TlsPeer const own("DNS:weir");
  TlsProfile profile;
  profile.chain = own.certificate_pem();
  profile.key = base::Secret(own.key_pem());
  auto const context = TlsContext::server(profile);
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  base::SystemClock clock;
  IoLoop loop(clock);
  base::Result<std::unique_ptr<Stream>> result = nullptr;
  base::TaskGroup tasks(loop);
  tasks.spawn([](base::Result<std::unique_ptr<Stream>>& into, IoLoop& l,
                 std::unique_ptr<TlsArrival> arrival) -> base::Task<void> {
    into = co_await arrival->shake_hands(l.now() + 5ms);
    l.stop();
  }(result, loop, TlsArrival::adopt(loop, ends[0], "client", **context)));
  loop.run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, base::Fault::timed_out);
  ::close(ends[1]);
}

}  // namespace
}  // namespace weir::net
