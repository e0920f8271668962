// What the tests of the router share: lists from text, servers without a network, and a client that
// remembers.
//
// Test code. A FakeServer answers after a virtual delay, fails or stays silent as it is told.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/backend.hpp"
#include "core/outcome.hpp"
#include "router/catalog_loop.hpp"

namespace weir::router {

inline mcp::Message result_message(std::string const& result) {
  auto message = mcp::decode(R"({"jsonrpc":"2.0","id":1,"result":)" + result + '}');
  EXPECT_TRUE(message.has_value()) << result;
  return std::move(*message);
}

inline std::string bytes_of(core::Outcome const& outcome) {
  std::string text;
  outcome.edits.append_to(text);
  return text;
}

inline std::string tool(std::string const& name) {
  return R"({"name":")" + name + R"(","inputSchema":{"type":"object"}})";
}

inline std::string array_of(std::vector<std::string> const& elements) {
  std::string out = "[";
  for (auto const& element : elements) out.append(out.size() > 1 ? "," : "").append(element);
  return out += ']';
}

inline std::shared_ptr<ItemList const> item_list(ListKind kind, std::vector<std::string> const& elements,
                                                 std::string const& hints = {}) {
  auto list = std::make_shared<ItemList>(kind, ItemListOptions{});
  auto const page = R"({")" + std::string(traits_of(kind).member) + "\":" + array_of(elements) + hints + '}';
  EXPECT_TRUE(list->add(result_message(page), base::TimePoint{}).has_value());
  return list;
}

using Lists = std::map<ListKind, std::vector<std::string>>;

inline constexpr char kAllCapabilities[] =
    R"({"tools":{},"prompts":{},"resources":{"subscribe":true},"completions":{},"logging":{}})";

// A ready server of the catalogue; `hints` are members of each list result, with a leading comma.
inline CatalogServer catalog_server(std::string_view name, Lists const& lists, bool modern = true,
                                    std::string const& hints = {}) {
  auto contents = std::make_shared<ServerContents>();
  contents->identity.revision = modern ? mcp::kNewest : mcp::kNewestLegacy;
  contents->capabilities = Capabilities::read(kAllCapabilities);
  for (auto const& [kind, elements] : lists) {
    contents->lists[static_cast<std::size_t>(kind)] = item_list(kind, elements, hints);
  }
  CatalogServer server;
  server.name = name;
  server.readiness = Readiness::ready;
  server.contents = std::move(contents);
  return server;
}

inline std::unique_ptr<Catalog> catalog_of(CatalogServers servers, std::string_view endpoint = {},
                                           bool modern = true, CatalogOptions const& options = {}) {
  return std::make_unique<Catalog>(options, endpoint, modern,
                                   std::make_shared<CatalogServers const>(std::move(servers)));
}

class FakeServer : public core::Backend {
 public:
  FakeServer(base::Scheduler& loop, std::string name, bool modern = true)
      : loop_(loop), name_(std::move(name)) {
    identity.revision = modern ? mcp::kNewest : mcp::kNewestLegacy;
    identity.capabilities = kAllCapabilities;
    state.state = core::ServerState::ready;
    state.transport = "http";
  }

  // How it behaves; may be changed at any time.
  core::ServerIdentity identity;
  Lists lists;
  std::string hints;               // members of each list result, with a leading comma
  std::string result;              // of every call, if not its name
  base::Duration delay{};          // of each answer
  base::Duration attach_after{};   // of each subscription
  bool dead = false;               // open() and ask() fail
  bool stands_in = false;          // a call that was given up is answered all the same
  bool endless = false;            // nextCursor never ends, and repeats
  std::size_t page_elements = 50;  // of the server's own pages
  core::ServerStatus state;

  int opened = 0, asked = 0;
  std::vector<core::Call*> listening;  // subscriptions/listen that run
  std::vector<std::string> calls;      // "method target"

  std::string_view name() const noexcept override { return name_; }
  core::ServerStatus status() const override { return state; }
  base::Task<void> close(base::TimePoint) override { co_return; }

  base::Task<base::Result<core::ServerIdentity>> open() override {
    ++opened;
    if (delay.count() > 0) co_await loop_.sleep_for(delay);
    if (dead) co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "refused");
    co_return identity;
  }

  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override {
    ++asked;
    if (delay.count() > 0) co_await loop_.sleep_for(delay);
    if (dead) co_return base::Error(base::Fault::connection_lost, base::Blame::upstream, "gone");
    co_return result_message(page(*list_of(method), params));
  }

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    if (call.method == mcp::Method::subscriptions_listen) co_await keep(call);
    if (call.given_up && !stands_in) co_return *call.given_up;
    calls.push_back(std::string(mcp::traits_of(call.method).name) + ' ' + call.target);
    if (delay.count() > 0) co_await loop_.sleep_for(delay);
    co_return core::from_result(result.empty() ? R"({"from":")" + name_ + R"("})" : result);
  }

 private:
  base::Task<void> keep(core::Call& call) {
    struct Here {
      std::vector<core::Call*>& all;
      core::Call* one;
      ~Here() { std::erase(all, one); }
    };
    listening.push_back(&call);
    Here const here{listening, &call};
    if (attach_after.count() > 0) co_await loop_.sleep_for(attach_after);
    co_await call.client->notify(
        R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}})");
    base::Event never(loop_);
    co_await never.wait();
  }

  std::string page(ListKind kind, std::string const& params) {
    auto const& all = lists[kind];
    std::size_t from = 0;
    if (auto const at = params.find(":\""); at != std::string::npos) from = std::stoul(params.substr(at + 2));
    std::size_t const to = std::min(all.size(), from + page_elements);
    std::vector<std::string> const part(all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size())),
                                        all.begin() + static_cast<std::ptrdiff_t>(to));
    std::string next;
    if (endless) next = R"(,"nextCursor":"0")";
    if (to < all.size()) next = R"(,"nextCursor":")" + std::to_string(to) + '"';
    return R"({")" + std::string(traits_of(kind).member) + "\":" + array_of(part) + next + hints + '}';
  }

  base::Scheduler& loop_;
  std::string name_;
};

inline ServerSpec spec_of(std::shared_ptr<FakeServer> const& server, std::uint32_t number = 0) {
  return {std::string(server->name()), number, server, {}, true};
}

// What app does at a start and a reload: ways in first, then the loop, which publishes to the feed.
inline void set_servers(CatalogFeed& feed, CatalogLoop& loop,
                        std::vector<std::shared_ptr<FakeServer>> const& servers) {
  std::vector<ServerSpec> specs;
  ServerEntries entries;
  for (auto const& server : servers) {
    auto const number = static_cast<std::uint32_t>(specs.size());
    entries.emplace(number, server);
    specs.push_back(spec_of(server, number));
  }
  feed.set_entries(std::move(entries));
  loop.set_servers(std::move(specs));
}

inline CatalogLoop::Publish publish_to(CatalogFeed& feed) {
  return [&feed](std::shared_ptr<CatalogSet const> set) { feed.publish(std::move(set)); };
}

struct FakeClient : core::ClientSink {
  std::vector<std::string> heard;
  bool listening = true;
  base::Task<bool> notify(std::string notification) override {
    heard.push_back(std::move(notification));
    co_return listening;
  }
};

}  // namespace weir::router
