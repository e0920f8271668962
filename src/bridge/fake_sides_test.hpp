// What the tests of the bridge share: a server that answers from a script and a client that can be asked.
//
// Test code. Each call takes the next result of the script; an empty script is a silent server.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/backend.hpp"
#include "core/outcome.hpp"
#include "support/call_of.hpp"

namespace weir::bridge {

inline std::string shown(core::Outcome const& outcome) {
  auto const field =
      outcome.message.kind() == mcp::MessageKind::result ? mcp::Field::result : mcp::Field::error;
  return std::string(outcome.message.raw(field));
}

struct ScriptedServer : core::Backend {
  std::deque<std::string> results;
  std::vector<std::string> seen;     // params of each call
  std::optional<base::Error> fails;  // when the script is over
  bool other_era = true;

  std::string_view name() const noexcept override { return "s"; }
  bool translates(core::Call const&) const noexcept override { return other_era; }
  base::Task<base::Result<core::ServerIdentity>> open() override { co_return core::ServerIdentity{}; }
  base::Task<base::Result<mcp::Message>> ask(mcp::Method, std::string) override {
    co_return base::Error(base::Fault::internal, base::Blame::gateway, "not scripted");
  }
  core::ServerStatus status() const override { return {}; }
  base::Task<void> close(base::TimePoint) override { co_return; }
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    seen.emplace_back(call.request.raw(mcp::Field::params));
    if (results.empty() && fails) co_return *fails;
    std::string const result = results.front();
    results.pop_front();
    co_return core::from_result(result);
  }
};

struct AskedClient : core::ClientSink {
  explicit AskedClient(base::Scheduler& scheduler) : never(scheduler) {}
  std::deque<std::string> answers;  // "result":… or "error":…
  std::vector<std::string> asked, heard;
  bool silent = false;
  base::Event never;

  base::Task<bool> notify(std::string notification) override {
    heard.push_back(std::move(notification));
    co_return true;
  }
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override {
    asked.push_back(method + ' ' + params);
    if (silent) co_await never.wait();
    std::string const answer = answers.front();
    answers.pop_front();
    co_return test::message_of(R"({"jsonrpc":"2.0","id":1,)" + answer + '}');
  }
};

}  // namespace weir::bridge
