// HttpDesk: an McpEndpoint over pipes on virtual time, with a handler of the test's choice behind it.
//
// For tests of this folder. Each exchange is a connection of its own; its answer is the raw text so far.
#pragma once

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "edge/mcp_endpoint.hpp"
#include "net/pipe.hpp"

namespace weir::edge {

using namespace std::chrono_literals;

// tools/call does what `act` does, subscriptions/listen what `listen` does; everything else is answered at
// once.
struct ActingHandler final : core::Handler {
  using Act = std::function<base::Task<base::Result<core::Outcome>>(core::Call&)>;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    if (call.method == mcp::Method::tools_call) return act(call);
    if (call.method == mcp::Method::subscriptions_listen) return listen(call);
    return empty();
  }
  static base::Task<base::Result<core::Outcome>> empty() { co_return core::from_result("{}"); }
  Act act = [](core::Call&) { return empty(); };
  Act listen = act;
};

class Exchange {  // one request on a connection of its own
 public:
  explicit Exchange(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}
  std::string const& text() {  // all that came so far
    std::string bytes(1 << 16, '\0');
    while (stream_) {
      auto const got = stream_->read(bytes);
      if (got.state != net::IoState::moved) {
        over_ = over_ || got.state != net::IoState::blocked;
        break;
      }
      heard_.append(bytes, 0, got.bytes);
    }
    return heard_;
  }
  int status() { return text().size() < 12 ? 0 : std::stoi(text().substr(9, 3)); }
  bool has(std::string_view what) { return text().find(what) != std::string::npos; }
  std::size_t count(std::string_view what) {
    std::size_t n = 0;
    for (auto at = text().find(what); at != std::string::npos; at = heard_.find(what, at + 1)) ++n;
    return n;
  }
  bool stream_over() { return has("\r\n0\r\n\r\n") || over_; }
  void hang_up() { stream_.reset(); }
  net::Stream& stream() { return *stream_; }

 private:
  std::unique_ptr<net::Stream> stream_;
  std::string heard_;
  bool over_ = false;
};

struct HttpDesk {
  explicit HttpDesk(base::TableOptions const& table = {})
      : sessions(
            table, random, [this](auto const& id, auto why) { ended.emplace_back(id, why); },
            metrics.gateway()) {
    auto made = std::make_unique<ActingHandler>();
    handler = made.get();
    entry = std::make_unique<session::SessionLayer>(std::move(made), loop, sessions);
    EndpointParts const parts{loop, *entry, sessions, feed, gate, meter, random};
    endpoint = std::make_unique<McpEndpoint>(parts, rules);
  }

  Exchange send(std::string text, std::size_t pipe_bytes = 1 << 20) {
    auto ends = net::make_pipe(loop, pipe_bytes);
    iovec const piece{text.data(), text.size()};
    EXPECT_EQ(ends.first->write({&piece, 1}).bytes, text.size());
    connections.spawn(
        net::serve_connection(loop, std::move(ends.second), *endpoint, server_options, stopping));
    loop.advance(0s);
    return Exchange(std::move(ends.first));
  }
  Exchange post(std::string const& body, std::string const& fields = {}) {
    return send(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: "
        "application/json, "
        "text/event-stream\r\n" +
        fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  static std::string in(std::string const& session) { return "Mcp-Session-Id: " + session + "\r\n"; }
  Exchange call(std::string const& session, std::string const& id = "1") {
    return post(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":"t"}})",
                in(session));
  }
  Exchange get(std::string const& session, std::string const& fields = {}, std::size_t pipe_bytes = 1 << 20) {
    return send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + in(session) +
                    fields + "\r\n",
                pipe_bytes);
  }
  static std::string after(std::string const& id) { return "Last-Event-ID: " + id + "\r\n"; }
  std::string initialize(std::string const& capabilities = "{}", std::string const& version = "2025-11-25") {
    auto hello = post(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" +
                      version + R"(","capabilities":)" + capabilities + R"(,"clientInfo":{}}})");
    auto const at = hello.text().find("Mcp-Session-Id: ");
    return at == std::string::npos ? std::string() : hello.text().substr(at + 16, 32);
  }

  observe::Metrics metrics{{}};
  base::VirtualLoop loop;
  base::SeededRandom random{7};
  observe::Log log{{.fd = -1}, loop.clock(), {}};
  std::vector<std::pair<std::string, base::TableReason>> ended;
  session::SessionTable sessions;
  router::CatalogFeed feed{loop};
  base::Gate gate{4096};
  CallMeter meter{metrics, log, loop.clock(), false};
  std::shared_ptr<EndpointRules> rules =
      std::make_shared<EndpointRules>(EndpointRules{HostPolicy(true, {}, {}), auth::Authenticator({}, {})});
  ActingHandler* handler = nullptr;
  std::unique_ptr<session::SessionLayer> entry;
  std::unique_ptr<McpEndpoint> endpoint;
  net::ServerOptions server_options;
  bool stopping = false;
  base::TaskGroup connections{loop};
};

}  // namespace weir::edge
