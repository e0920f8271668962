#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/task_group.hpp"
#include "net/dialer.hpp"
#include "net/internal/name_lookup.hpp"
#include "support/tls_peer.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

// Shakes hands on 127.0.0.1, one connection after the other, and closes them.
class TlsServer {
 public:
  explicit TlsServer(std::string const& names) : peer(names) {
    EXPECT_EQ(::bind(listening_, address(), at_.length), 0);
    EXPECT_EQ(::listen(listening_, 16), 0);
    EXPECT_EQ(::getsockname(listening_, address(), &at_.length), 0);
    thread_ = std::thread([this] {
      for (int fd = -1; (fd = ::accept(listening_, nullptr, nullptr)) >= 0; ::close(fd))
        SSL_accept(peer.over(fd).get());
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

 private:
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&at_.storage); }
  int listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  internal::SocketAddress at_ = *internal::numeric_address("127.0.0.1", 0);
  std::thread thread_;
};

base::Result<std::unique_ptr<Stream>> dial(TlsServer const& server, std::string const& host) {
  base::SystemClock clock;
  IoLoop loop(clock);
  auto const tls = server.peer.trusting();
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

}  // namespace
}  // namespace weir::net
