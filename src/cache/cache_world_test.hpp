// What the tests of the layers share: a server that counts and answers as told, callers, and the two layers
// of each of two workers around one ResponseCache, all on virtual time.
//
// Test code. Both "workers" run on one loop; the far one reaches the server's home without a hop.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <map>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "cache/cache_layer.hpp"
#include "cache/fetch_layer.hpp"
#include "core/outcome.hpp"
#include "support/call_of.hpp"

namespace weir::cache {

using namespace std::chrono_literals;
using Answer = base::Result<core::Outcome>;

struct Origin final : core::Handler {
  explicit Origin(base::Scheduler& s) : scheduler(s) {}
  base::Task<Answer> handle(core::Call& call) override {
    unsigned const number = ++calls;
    struct Inside {
      explicit Inside(Origin& o) : origin(o) { ++origin.inside; }
      Inside(Inside const&) = delete;
      Inside& operator=(Inside const&) = delete;
      ~Inside() { --origin.inside; }
      Origin& origin;
    } const counted(*this);
    seen.emplace_back(call.principal->id);
    if (takes > base::Duration::zero()) co_await scheduler.sleep_for(takes);
    if (before_answer) before_answer(call);
    if (asks) {
      auto const heard = co_await call.client->ask("elicitation/create", "{}");
      if (!heard) co_return heard.error();
    }
    auto answer = reply(number, call);
    co_return answer;
  }
  base::Scheduler& scheduler;
  base::Duration takes{};
  unsigned calls = 0;
  int inside = 0;
  bool asks = false;
  std::vector<std::string> seen;
  std::function<void(core::Call&)> before_answer;
  std::function<Answer(unsigned, core::Call&)> reply = [](unsigned number, core::Call&) -> Answer {
    return core::from_result(R"({"resultType":"complete","content":[],"n":)" + std::to_string(number) + '}');
  };
};

struct Caller {
  std::unique_ptr<core::Call> call;
  core::Principal principal;
  std::optional<Answer> answer;
  base::TimePoint answered_at;

  bool failed() const { return answer && !*answer; }
  std::string result() const {  // as the client gets it
    if (!answer || !*answer) return {};
    std::string text;
    (*answer)->edits.append_to(text);
    return text;
  }
  core::CacheUse use() const { return call->facts.cache.use; }
};

struct CacheWorld {
  explicit CacheWorld(CacheRules with = tools_rules(), store::Store* second = nullptr)
      : rules(std::move(with)),
        cache({true, 300s, {}}, keys, clock(), 7, second, metrics),
        origin(std::make_shared<Origin>(loop)),
        home(std::make_shared<FetchLayer>(origin, loop, random, cache, server(), FetchOptions{})),
        near(home, loop, random, cache, server(), policy()),
        far(home, loop, random, cache, server(), policy()) {}

  static CacheRules tools_rules() {
    CacheRules made;
    made.server = "docs";
    made.revision = "1";
    made.configured = true;
    made.ttl = 60s;
    OperationRule lookup;
    lookup.pattern = "look*";
    made.operations = {lookup};
    made.updates = {"write*"};
    return made;
  }

  base::Clock const& clock() const { return loop.clock(); }
  observe::ServerMetrics const& server() { return metrics.server("docs"); }
  std::shared_ptr<CachePolicy const> policy() const { return std::make_shared<CachePolicy>(rules, keys); }

  // A call that is under way; it stays in the list until the world ends or drop() ends it.
  Caller& ask(std::string const& method, std::string const& target, std::string const& params,
              std::string const& who = "anonymous", CacheLayer* layer = nullptr) {
    auto& caller = callers.emplace_back();
    caller.principal = {who, who == "anonymous" ? "anonymous" : "key", {}, who == "anonymous" ? "" : who};
    caller.call = test::call_of(
        R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + '}', revision, &sink);
    caller.call->principal = &caller.principal;
    caller.call->target = target;
    caller.call->started = caller.call->deadline = loop.now();
    caller.call->fresh_only = fresh_only;
    caller.call->copy_wanted = copy_wanted;
    auto& tasks = groups.emplace_back(loop);
    tasks.spawn(serve(caller, layer == nullptr ? near : *layer));
    return caller;
  }
  Caller& look_up(std::string const& arguments = R"({"q":"a"})", std::string const& who = "anonymous",
                  CacheLayer* layer = nullptr) {
    return ask("tools/call", "look_up", R"({"name":"docs__look_up","arguments":)" + arguments + '}', who,
               layer);
  }
  Caller& read(std::string const& uri, std::string const& who = "anonymous") {
    return ask("resources/read", uri, R"({"uri":")" + uri + R"("})", who);
  }
  Caller& write() { return ask("tools/call", "write_page", R"({"name":"docs__write_page"})"); }
  void drop(std::size_t index) { std::next(groups.begin(), static_cast<long>(index))->cancel(); }
  void run(base::Duration by = 0s) { loop.advance(by); }

  base::Task<void> serve(Caller& caller, CacheLayer& layer) {
    auto answer = co_await layer.handle(*caller.call);
    caller.answered_at = loop.now();
    caller.answer.emplace(std::move(answer));
  }

  base::VirtualLoop loop;
  base::SeededRandom random{3};
  mcp::Revision revision = mcp::Revision::r2026_07_28;
  bool fresh_only = false;
  bool copy_wanted = false;
  test::CollectingSink sink{loop};
  observe::Metrics metrics{
      {"0", "0", {"2025-11-25", "2026-07-28"}, 1000, [] { return observe::ProcessStats{}; }}};
  CacheRules rules;
  std::shared_ptr<AnswerKeys const> keys = std::make_shared<AnswerKeys>(AnswerKeys::Key{1, 2, 3});
  ResponseCache cache;
  std::shared_ptr<Origin> origin;
  std::shared_ptr<FetchLayer> home;
  CacheLayer near;
  CacheLayer far;
  std::list<Caller> callers;
  std::list<base::TaskGroup> groups;
};

}  // namespace weir::cache
