// Routed: a router over fake servers, and calls that it answers as time advances.
//
// Test code: the fixture of the router's own tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "router/fake_servers_test.hpp"
#include "router/router_layer.hpp"

namespace weir::router {

using namespace std::chrono_literals;

class Routed : public testing::Test {
 protected:
  std::shared_ptr<FakeServer> add(std::string name, Lists lists, bool modern = true) {
    auto server = std::make_shared<FakeServer>(loop_, std::move(name), modern);
    server->lists = std::move(lists);
    servers_.push_back(server);
    return server;
  }
  void start() {
    set_servers(feed_, catalogs_, servers_);
    loop_.run();
  }

  // One call: start it, perhaps advance the loop, then look at `answer`.
  struct Running {
    core::Call call;
    FakeClient client;
    std::optional<base::Result<core::Outcome>> answer;
    Running(mcp::Message request, mcp::Revision revision) : call(std::move(request)) {
      call.revision = revision;
      call.client = &client;
    }
  };
  std::unique_ptr<Running> send(std::string const& method, std::string const& params = "{}",
                                std::string_view endpoint = {}, bool modern = true,
                                std::shared_ptr<core::ClientSession const> session = nullptr) {
    auto message =
        mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":")" + method + R"(","params":)" + params + '}');
    EXPECT_TRUE(message.has_value());
    auto running = std::make_unique<Running>(std::move(*message), modern ? mcp::kNewest : mcp::kNewestLegacy);
    running->call.endpoint = endpoint;
    running->call.session = std::move(session);
    running->call.principal = &principal_;
    running->call.started = loop_.now();
    group_.spawn(serve(*running));
    loop_.run();
    return running;
  }
  // subscriptions/listen to the tools, for as long as that.
  std::unique_ptr<Running> listen(core::Tenure& tenure) {
    auto message = mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":"subscriptions/listen","params":)"
                               R"({"notifications":{"toolsListChanged":true}}})");
    auto running = std::make_unique<Running>(std::move(*message), mcp::kNewest);
    running->call.principal = &principal_;
    running->call.tenure = &tenure;
    running->call.started = loop_.now();
    group_.spawn(serve(*running));
    loop_.advance(0s);
    return running;
  }
  std::string text(std::string const& method, std::string const& params = "{}",
                   std::string_view endpoint = {}, bool modern = true) {
    auto const running = send(method, params, endpoint, modern);
    if (!running->answer) return "no answer yet";
    if (!*running->answer) return base::name_of(running->answer->error().fault);
    auto const bytes = bytes_of(**running->answer);
    auto const at = bytes.find(R"("id":0,)");
    return at == std::string::npos ? bytes : bytes.substr(at + 7, bytes.size() - at - 8);
  }
  base::Task<void> serve(Running& running) { running.answer = co_await layer_.handle(running.call); }

  base::VirtualLoop loop_;
  base::SeededRandom random_{5};
  CatalogFeed feed_{loop_};
  CatalogLoop catalogs_{loop_, random_, {}, publish_to(feed_)};
  CursorSealer sealer_{random_};
  RouterOptions options_;
  core::Principal principal_{"key:ci", "key", {}};
  std::vector<std::shared_ptr<FakeServer>> servers_;
  base::Gate listens_{2};
  base::Gate watches_{4};
  RouterLayer layer_{{loop_, feed_, sealer_, listens_, watches_}, {}};
  base::TaskGroup group_{loop_};
};

inline constexpr char kTasksDeclared[] =
    R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";
inline Lists const kTools{{ListKind::tools, {tool("get"), tool("put")}}};

}  // namespace weir::router
