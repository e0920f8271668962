#include "fallback/local_answers.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "fallback/memory_backup.hpp"
#include "support/call_of.hpp"

namespace weir::fallback {
namespace {

using namespace std::chrono_literals;

struct World {
  World() {
    call = test::call_of(
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"page","arguments":{"id":"deploy"}}})",
        mcp::Revision::r2026_07_28, &sink);
    call->principal = &principal;
    call->target = "page";
    backup->put("deploy.md", "Run it twice.", loop.clock().wall() - 1h);
    standard->put("page.md", "indent: 2", loop.clock().wall() - 2h);
  }
  std::string ask(Strategy strategy, std::string message = {}) {
    step = {strategy, {}, {}, std::move(message)};
    tasks.spawn(run());
    loop.advance(10s);
    if (!found) return "nothing";
    std::string text;
    found->outcome.edits.append_to(text);
    return text;
  }
  base::Task<void> run() { found = co_await answers.find(step, *call, failure, loop.now() + 1s); }

  base::VirtualLoop loop;
  test::CollectingSink sink{loop};
  core::Principal const principal{"anonymous", "anonymous", {}};
  std::unique_ptr<core::Call> call;
  std::shared_ptr<MemoryBackup> backup = std::make_shared<MemoryBackup>();
  std::shared_ptr<MemoryBackup> standard = std::make_shared<MemoryBackup>();
  ServerAnswers answers{loop, "docs", backup, standard};
  base::Error failure{base::Fault::timed_out, base::Blame::upstream, ""};
  Step step;
  std::optional<LocalAnswers::Answer> found;
  base::TaskGroup tasks{loop};
};

TEST(LocalAnswers, EachStepHasItsOwnSource_R097_R098) {
  World world;
  auto const backup = world.ask(Strategy::use_local_backup);
  EXPECT_NE(backup.find("Run it twice."), std::string::npos) << backup;
  EXPECT_NE(backup.find(R"("source":"backup","reason":"timed_out","ageSeconds":36)"), std::string::npos)
      << backup;
  EXPECT_GE(world.found->age, 1h);
  auto const standard = world.ask(Strategy::use_default);
  EXPECT_NE(standard.find("indent: 2"), std::string::npos) << standard;
  EXPECT_NE(standard.find(R"("source":"default")"), std::string::npos);
  EXPECT_NE(world.ask(Strategy::message, "Use the wiki.").find("Use the wiki."), std::string::npos);
}

TEST(LocalAnswers, WithoutItsFileTheDefaultExplainsAndTheBackupIsNothing_F48) {
  World world;
  world.backup->missing = world.standard->missing = true;
  EXPECT_EQ(world.ask(Strategy::use_local_backup), "nothing");
  auto const text = world.ask(Strategy::use_default);
  EXPECT_NE(text.find(R"("source":"default")"), std::string::npos) << text;
  auto const content = text.substr(0, text.find("_meta"));
  EXPECT_EQ(content.find("deploy"), std::string::npos) << content;
}

TEST(LocalAnswers, AFileThatComesTooLateIsNothing_F39) {
  World world;
  world.backup->delay = 1001ms;
  EXPECT_EQ(world.ask(Strategy::use_local_backup), "nothing");
  world.backup->delay = 999ms;
  EXPECT_NE(world.ask(Strategy::use_local_backup), "nothing");
}

}  // namespace
}  // namespace weir::fallback
