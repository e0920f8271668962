// A pool over fake addresses on virtual time, for pool_backend_test and pool_keeping_test.
//
// Replica is one address: it can be dead (connections refused), silent (takes everything, answers nothing) or
// broken (answers with an error). PoolWorld owns them, the loop and everything that is told. One thread; no
// bounds, tests only.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "base/run_until.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "support/call_of.hpp"
#include "upstream/pool_backend.hpp"

namespace weir::upstream {

using namespace std::chrono_literals;

struct Replica final : core::Backend {
  Replica(base::Scheduler& l, core::BackendObserver& o) : loop(l), observer(o), never(l) {}

  static base::Error refused() {
    return {base::Fault::connect_failed, base::Blame::upstream, "refused", base::Retry::always};
  }
  static base::Error not_open() {
    return {base::Fault::starting, base::Blame::upstream, "not connected yet", base::Retry::always};
  }
  std::string_view name() const noexcept override { return "s"; }
  void credential_changed() override { ++credentials; }
  base::Task<base::Result<core::ServerIdentity>> open() override {
    ++opens;
    if (dead) co_return refused();
    if (silent) co_await never.wait();
    co_await loop.sleep_for(open_takes);
    was_opened = true;
    core::ServerIdentity identity;
    identity.revision = revision;
    identity.server_info = R"({"version":"1","name":")" + server + R"("})";
    identity.instructions = server;
    co_return identity;
  }
  base::Task<base::Result<mcp::Message>> ask(mcp::Method, std::string) override {
    ++asked;
    if (dead) co_return refused();
    if (silent) co_await never.wait();
    co_return test::message_of(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  }
  base::Task<base::Result<core::Outcome>> handle(core::Call&) override {
    struct Inside {
      int& count;
      explicit Inside(int& c) : count(c) { ++count; }
      ~Inside() { --count; }
    } const mark(inside);
    if (!was_opened) co_return not_open();
    if (dead) co_return refused();
    ++executed;
    if (silent) co_await never.wait();
    co_await loop.sleep_for(takes);
    if (broken) co_return *broken;
    co_return core::from_result("{}");
  }
  core::ServerStatus status() const override {
    core::ServerStatus status;
    status.state = state;
    status.transport = "http";
    status.cause = "refused";
    return status;
  }
  bool listens() const noexcept override { return true; }
  base::Task<base::Result<void>> listen(std::string, std::function<void(mcp::Message const&)> told) override {
    ++listened;
    if (dead) co_return refused();
    if (acknowledges) told(test::message_of(R"({"jsonrpc":"2.0","method":"notifications/x"})"));
    co_await never.wait();
    co_return base::Result<void>{};
  }
  void hear(core::ResourceObserver* by) override { resources = by; }
  void session_ended(std::string_view session) override { ended.insert(std::string(session)); }
  base::Task<void> close(base::TimePoint) override {
    co_await loop.sleep_for(1s);
    closed = true;
  }

  base::Scheduler& loop;
  core::BackendObserver& observer;
  core::ResourceObserver* resources = nullptr;
  base::Event never;
  std::string server = "docs";
  mcp::Revision revision = mcp::kNewest;
  core::ServerState state = core::ServerState::ready;
  bool dead = false;
  bool silent = false;
  bool acknowledges = false;  // subscriptions
  std::optional<base::Error> broken;
  base::Duration open_takes{};
  base::Duration takes{};
  bool was_opened = false;
  bool closed = false;
  int opens = 0, executed = 0, asked = 0, listened = 0, inside = 0, credentials = 0;
  std::set<std::string> ended;
};

struct PoolWorld : testing::Test, core::BackendObserver, core::ResourceObserver {
  struct Asking {  // one call by a client
    std::unique_ptr<core::Call> call;
    std::optional<base::Result<core::Outcome>> answer;
    std::unique_ptr<base::TaskGroup> task;
    bool well() const { return answer && answer->has_value(); }
    std::string fault() const {
      if (!answer) return "waiting";
      return *answer ? "none" : base::name_of(answer->error().fault);
    }
  };
  struct Inbox final : core::ClientInbox {
    bool post(std::string, base::TimePoint) override { return true; }
    bool over() const override { return false; }
  };

  void build(unsigned count, PoolOptions options = {}) {
    options.name = "s";
    options.usable = metrics.server("s").endpoints_usable;
    options.ejections = metrics.server("s").endpoint_ejections;
    std::vector<PoolAddress> addresses;
    for (unsigned i = 0; i < count; ++i) {
      auto make = [this](core::BackendObserver& observer) {
        replicas.push_back(std::make_shared<Replica>(loop, observer));
        return replicas.back();
      };
      addresses.push_back({"host" + std::to_string(i), make});
    }
    pool = std::make_shared<PoolBackend>(loop, random, *this, options, std::move(addresses));
    pool->hear(this);
  }
  Replica& at(unsigned index) { return *replicas[index]; }
  static base::Task<void> run_open(core::Backend& of,
                                   std::optional<base::Result<core::ServerIdentity>>& into) {
    into = co_await of.open();
  }
  void open() {
    opened.reset();
    tasks.spawn(run_open(*pool, opened));
    loop.advance(0s);
  }
  static base::Task<void> run_call(core::Backend& to, base::Scheduler& loop, Asking& asking) {
    auto work = to.handle(*asking.call);
    if (co_await base::run_until(loop, work, asking.call->deadline) == base::Ended::done)
      asking.answer = work.take();
  }
  std::shared_ptr<Asking> call(std::string const& session = {}) {
    auto made = std::make_shared<Asking>();
    made->call = test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})",
                               session.empty() ? mcp::kNewest : mcp::kNewestLegacy);
    made->call->principal = &who;
    made->call->deadline = loop.now() + 5s;
    if (!session.empty()) {
      auto client = std::make_shared<core::ClientSession>();
      client->id = session;
      client->inbox = inbox;
      made->call->session = client;
    }
    made->task = std::make_unique<base::TaskGroup>(loop);
    made->task->spawn(run_call(*pool, loop, *made));
    loop.advance(0s);
    return made;
  }
  static base::Task<void> run_ask(core::Backend& of, base::Scheduler& loop, base::Duration most,
                                  std::string& into) {
    auto work = of.ask(mcp::Method::tools_list, "{}");
    if (co_await base::run_until(loop, work, loop.now() + most) != base::Ended::done) {
      into = "dropped";
      co_return;
    }
    auto const answer = work.take();
    into = answer ? "answered" : base::name_of(answer.error().fault);
  }
  std::string ask(base::Duration most = 10s) {
    std::string said = "waiting";
    base::TaskGroup asking(loop);
    asking.spawn(run_ask(*pool, loop, most, said));
    loop.advance(most);
    return said;
  }
  double usable() { return metrics.server("s").endpoints_usable.value(); }
  double ejections() { return metrics.server("s").endpoint_ejections.value(); }

  void list_changed(std::string_view server, mcp::Method) override {
    EXPECT_EQ(server, "s");
    ++lists_changed;
  }
  void state_changed(std::string_view) override { states.push_back(pool->status().state); }
  void era_changed(std::string_view) override { ++eras_changed; }
  void resource_updated(std::string_view uri) override { updated.emplace_back(uri); }
  void resources_missed() override { ++missed; }

  base::VirtualLoop loop;
  base::SeededRandom random{3};
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  core::Principal who{"key:ci", "key", {}};
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::vector<std::shared_ptr<Replica>> replicas;
  std::shared_ptr<PoolBackend> pool;
  std::optional<base::Result<core::ServerIdentity>> opened;
  int lists_changed = 0, eras_changed = 0, missed = 0;
  std::vector<core::ServerState> states;
  std::vector<std::string> updated;
  base::TaskGroup tasks{loop};
};

}  // namespace weir::upstream
