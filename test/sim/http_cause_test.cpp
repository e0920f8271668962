// What is said of a url at which no MCP server answers.
#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"
#include "support/fake_wire.hpp"
#include "support/wire.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/sse_backend.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

// Answers every request in the same way.
struct OddServer final : net::Dialer {
  explicit OddServer(base::Scheduler& s) : scheduler(s), connections(s) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const& to,
                                                              base::TimePoint) override {
    if (to.tls) ++asked_for_tls;
    if (to.tls && tls != Tls::trusted) {
      auto const retry = tls == Tls::none ? base::Retry::always : base::Retry::never;
      co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "TLS with up", retry);
    }
    auto ends = net::make_pipe(scheduler, 64 * 1024);
    connections.spawn(serve(std::move(ends.second)));
    co_return std::move(ends.first);
  }
  base::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    test::Wire wire(std::move(stream));
    for (;;) {
      auto const head = co_await wire.head();
      if (!head || status == 0) co_return;
      if (head->start.starts_with("POST ")) co_await wire.body(*head);
      co_await wire.write(test::http(status, ""));
    }
  }

  base::Scheduler& scheduler;
  int status = 404;  // 0: it hangs up
  enum class Tls { none, trusted, untrusted } tls = Tls::none;
  int asked_for_tls = 0;
  base::TaskGroup connections;
};

struct Nobody final : core::BackendObserver {
  void list_changed(std::string_view, mcp::Method) override {}
  void state_changed(std::string_view) override {}
};

struct HttpCause : testing::Test {
  base::VirtualLoop loop;
  OddServer server{loop};
  base::SeededRandom random{7};
  Nobody nobody;
  std::unique_ptr<HttpBackend> backend;
  std::optional<base::Result<core::ServerIdentity>> opened;
  base::TaskGroup tasks{loop};

  // `type: http` without `sse_too`.
  core::ServerStatus open(std::string const& url, bool sse_too = true) {
    HttpBackendOptions options;
    options.name = "up";
    options.url = *net::parse_url(url);
    if (sse_too) {
      options.older = [this, url] {
        StdioBackend::Options older;
        older.transport = "sse";
        older.child.server = "up";
        return std::make_shared<SseBackend>(loop, server, random, SseOptions{*net::parse_url(url), {}},
                                            std::move(older), &nobody);
      };
    }
    backend = std::make_unique<HttpBackend>(loop, server, random, nobody, std::move(options));
    tasks.spawn(
        [](HttpBackend& b, std::optional<base::Result<core::ServerIdentity>>& into) -> base::Task<void> {
          auto identity = co_await b.open();
          into.emplace(std::move(identity));
        }(*backend, opened));
    loop.advance(60s);
    EXPECT_TRUE(opened && !*opened);
    return backend->status();
  }
};

TEST_F(HttpCause, AUrlThatAnswers404ToEverythingIsNoSseServerAndIsToldTheUsualPaths) {
  auto const status = open("http://up.test/nothing");
  EXPECT_EQ(status.state, core::ServerState::failed);
  EXPECT_EQ(status.transport, "http");
  EXPECT_EQ(
      status.cause,
      "POST to its url answers HTTP 404, and as HTTP+SSE: no event stream: HTTP 404 (attempt 5/5); usual "
      "paths of MCP servers are /mcp and /sse");
  EXPECT_NE((*opened).error().hint.find("/mcp"), std::string::npos);
  EXPECT_EQ(server.asked_for_tls, 0);
}

TEST_F(HttpCause, AUrlWhoseTransportIsGivenIsToldThemToo) {
  server.status = 405;
  auto const status = open("http://up.test/nothing", false);
  EXPECT_EQ(status.cause, "POST to its url answers HTTP 405; usual paths of MCP servers are /mcp and /sse");
  EXPECT_NE((*opened).error().hint.find("`type: sse`"), std::string::npos);
}

TEST_F(HttpCause, AnHttpUrlAtATlsPortIsToldToBeHttps) {
  server.tls = OddServer::Tls::untrusted;
  server.status = 0;
  EXPECT_EQ(open("http://up.test/mcp").cause,
            "the server closed the connection without an answer; the port answers with TLS: write https://");
  EXPECT_EQ((*opened).error().hint, "Write https:// in the server's url.");
}

TEST_F(HttpCause, SoItIsWhereTheTlsPortAnswers400WithoutTls) {
  server.tls = OddServer::Tls::trusted;
  server.status = 400;
  EXPECT_EQ(open("http://up.test/mcp").cause, "HTTP status 400; the port answers with TLS: write https://");
}

TEST_F(HttpCause, AServerThatHangsUpWithoutTlsIsOnlyThat) {
  server.status = 0;
  EXPECT_EQ(open("http://up.test/mcp").cause, "the server closed the connection without an answer");
  EXPECT_EQ(server.asked_for_tls, 1);
}

TEST_F(HttpCause, AnHttpsUrlIsNotAskedWhetherItHasTls) {
  server.tls = OddServer::Tls::trusted;
  server.status = 0;
  EXPECT_EQ(open("https://up.test/mcp").cause, "the server closed the connection without an answer");
}

}  // namespace
}  // namespace weir::upstream
