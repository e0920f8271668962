// Stdio: the fixture of the tests of StdioBackend: one scripted child on a virtual clock.
//
// For tests only; one thread.
#pragma once

#include "upstream/stdio_backend_io.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/virtual_loop.hpp"
#include "support/call_of.hpp"
#include "support/scripted_child.hpp"

namespace weir::upstream {

using namespace std::chrono_literals;
using core::ServerState;
using test::Handshake;

struct Waiting {  // a client that waits for its answer
  explicit Waiting(base::Scheduler& scheduler) : sink(scheduler), tasks(scheduler) {}
  test::CollectingSink sink;
  std::unique_ptr<core::Call> call;
  std::optional<base::Result<core::Outcome>> outcome;
  base::TaskGroup tasks;

  std::string answer() const {
    if (!outcome) return "waiting";
    if (!*outcome) return std::string(base::name_of(outcome->error().fault)) + ": " + outcome->error().detail;
    std::string text;
    (*outcome)->edits.append_to(text);
    return text;
  }
};

struct Observer final : core::BackendObserver {
  void list_changed(std::string_view, mcp::Method list) override {
    lists += std::string(mcp::traits_of(list).name) + " ";
  }
  void state_changed(std::string_view) override { ++states; }
  void era_changed(std::string_view) override { ++eras; }
  std::string lists;
  int states = 0;
  int eras = 0;
};

struct Stdio : ::testing::Test {
  base::VirtualLoop loop;
  test::ScriptedSpawner spawner{loop};
  base::SeededRandom random{7};
  Observer observer;
  StdioBackend::Options options;
  observe::Metrics metrics{
      {.version = {}, .revision = {}, .protocol_versions = {"2025-06-18", "2026-07-28"}}};
  observe::CounterSet const& restarts = metrics.server("files").upstream_restarts;
  std::unique_ptr<StdioBackend> backend;
  base::TaskGroup tasks{loop};
  std::optional<base::Result<core::ServerIdentity>> opened;

  void make() {
    options.restarts = restarts;
    options.child.session_lengths = metrics.gateway().client_sessions_pipe;
    options.command.argv = {"server-files"};
    options.child.server = "files";
    options.child.gateway_info = R"({"name":"weir"})";
    backend = std::make_unique<StdioBackend>(loop, spawner, random, options, &observer);
  }
  static base::Task<void> store(core::Backend& b, std::optional<base::Result<core::ServerIdentity>>& into) {
    auto identity = co_await b.open();
    into.emplace(std::move(identity));
  }
  void open() {
    opened.reset();
    tasks.spawn(store(*backend, opened));
    loop.run();
  }
  void start() {
    make();
    open();
    ASSERT_TRUE(opened && *opened);
  }
  static base::Task<void> await(core::Backend& b, Waiting& waiting) {
    auto outcome = co_await b.handle(*waiting.call);
    waiting.outcome.emplace(std::move(outcome));
  }
  std::unique_ptr<Waiting> send(std::string params, mcp::Revision revision = mcp::kNewestLegacy,
                                std::string id = "1") {
    auto waiting = std::make_unique<Waiting>(loop);
    auto text = fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{}}})", id, params);
    waiting->call = test::call_of(std::move(text), revision, &waiting->sink);
    waiting->tasks.spawn(await(*backend, *waiting));
    return waiting;
  }
  std::unique_ptr<Waiting> echo(std::string text) {
    auto waiting =
        send(R"({"name":"echo","arguments":{"t":")" + text + R"("},"_meta":{"progressToken":"p"}})");
    loop.run();
    return waiting;
  }
  test::FakeProgram& program() { return spawner.last(); }
  void close(base::TimePoint deadline) {
    tasks.spawn(backend->close(deadline));
    loop.run();
  }
};

inline std::string progress(std::string token, int value) {
  auto const params = fmt::format(R"({{"progressToken":{},"progress":{}}})", token, value);
  return R"({"jsonrpc":"2.0","method":"notifications/progress","params":)" + params + "}";
}

}  // namespace weir::upstream
