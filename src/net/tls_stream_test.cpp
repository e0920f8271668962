#include "net/internal/tls_stream.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "net/io_loop.hpp"
#include "support/tls_peer.hpp"

namespace weir::net {
namespace {

using internal::TlsStream;

// Both sides on one thread, in turns; neither waits.
struct TlsStreams : testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  test::TlsPeer const peer{"DNS:server"};
  std::shared_ptr<TlsContext const> const trusting = peer.trusting();
  std::array<int, 2> ends{-1, -1};
  std::unique_ptr<TlsStream> stream;
  test::OwnedSsl server;

  void shake_hands(int version_max) {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    auto watch = internal::FdWatch::adopt(loop, ends[0], internal::FdWatch::Mode::edges);
    ASSERT_NE(watch, nullptr);
    stream = std::make_unique<TlsStream>(std::move(watch), "server", SSL_new(trusting->native()));
    server = peer.over(ends[1], version_max);
    for (auto shake = TlsStream::Shake::wants_write; shake != TlsStream::Shake::done;) {
      shake = stream->handshake();
      ASSERT_NE(shake, TlsStream::Shake::failed) << stream->failure();
      SSL_accept(server.get());
    }
  }
  void TearDown() override {
    server.reset();
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void turn() {  // readiness is delivered by the loop
    loop.post([this] { loop.post([this] { loop.stop(); }); });
    loop.run();
  }
  IoResult write(std::string_view text) {
    iovec const part{const_cast<char*>(text.data()), text.size()};
    return stream->write({&part, 1});
  }
  std::string read_at_server() {
    std::array<char, 64> buffer;
    int const got = SSL_read(server.get(), buffer.data(), static_cast<int>(buffer.size()));
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
  }
};

TEST_F(TlsStreams, BytesPassBothWaysAndAnEmptyReadWaits) {
  shake_hands(TLS1_3_VERSION);
  EXPECT_EQ(write("ping").bytes, 4U);
  EXPECT_EQ(read_at_server(), "ping");
  ASSERT_EQ(SSL_write(server.get(), "pong", 4), 4);
  std::array<char, 64> buffer;
  EXPECT_EQ(stream->read(buffer).bytes, 4U);
  EXPECT_EQ(stream->read(buffer).state, IoState::blocked);
  EXPECT_FALSE(stream->arm_read().is_set());
}

TEST_F(TlsStreams, AServerThatAsksForARenegotiationIsToldNo) {
  shake_hands(TLS1_2_VERSION);
  turn();
  ASSERT_EQ(SSL_renegotiate(server.get()), 1);
  ASSERT_EQ(SSL_do_handshake(server.get()), 1);  // sends its request, waits for nothing
  std::array<char, 64> buffer;
  EXPECT_EQ(stream->read(buffer).state, IoState::blocked);
  EXPECT_FALSE(stream->arm_read().is_set());
  EXPECT_EQ(write("still here").bytes, 10U);  // it waits for no answer to a handshake
  EXPECT_EQ(read_at_server(), "");
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
}

TEST_F(TlsStreams, AReadBehindAKeyUpdateThatThePeerDoesNotTakeFailsRatherThanSpins) {
  shake_hands(TLS1_3_VERSION);
  turn();
  std::vector<char> const junk(64 * 1024);
  for (std::size_t const size : {junk.size(), std::size_t{1}}) {
    while (::send(ends[0], junk.data(), size, MSG_DONTWAIT) > 0) {
    }
  }
  ASSERT_EQ(SSL_key_update(server.get(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(server.get()), 1);
  std::array<char, 64> buffer;
  EXPECT_EQ(stream->read(buffer).state, IoState::blocked);  // has seen the request
  EXPECT_EQ(write("ping").state, IoState::blocked);         // begins with the answer to it
  EXPECT_FALSE(stream->arm_write().is_set());
  EXPECT_EQ(stream->read(buffer).state, IoState::failed);  // would have to go on with that
}

TEST_F(TlsStreams, AWriterThatTheKernelStoppedWaitsForTheEventOfWriting) {
  shake_hands(TLS1_3_VERSION);
  turn();
  std::string const much(64 * 1024, 'x');
  IoResult put{IoState::moved};
  while (put.state == IoState::moved) put = write(much);
  EXPECT_EQ(put.state, IoState::blocked);
  EXPECT_FALSE(stream->arm_write().is_set());
}

}  // namespace
}  // namespace weir::net
