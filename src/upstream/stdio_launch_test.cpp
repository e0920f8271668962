#include "upstream/stdio_launch_io.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "support/scripted_child.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::Handshake;

struct Launch : ::testing::Test {
  base::VirtualLoop loop;
  test::ScriptedSpawner spawner{loop};
  ChildCommand command{.argv = {"server-files"}, .environment = {}, .working_directory = {}};
  StdioChild::Options options{
      .server = "files", .gateway_info = R"({"name":"weir"})", .lines = {}, .channel = {}};
  StderrRing log;
  StdioChild::Told ignore;
  StdioLauncher launcher{loop, spawner, command, options, 10s, log, ignore};
  std::optional<base::Result<StdioLauncher::Started>> started;
  base::TaskGroup tasks{loop};

  static base::Task<void> store(StdioLauncher& launcher, base::TimePoint deadline,
                                std::optional<base::Result<StdioLauncher::Started>>& into) {
    auto result = co_await launcher.launch(deadline);
    into.emplace(std::move(result));
  }
  void launch(base::Duration patience = 30s) {
    started.reset();
    tasks.spawn(store(launcher, loop.now() + patience, started));
    loop.run();
  }
  bool legacy() const {
    return started && *started && (*started)->identity.revision == mcp::Revision::r2025_06_18;
  }
};

TEST_F(Launch, ProbesALegacyServerOnASiblingAndInitialisesAFreshProcess) {  // P010
  launch();
  ASSERT_TRUE(legacy());
  ASSERT_EQ(spawner.programs.size(), 2U);
  EXPECT_FALSE(spawner.programs[0]->running()) << "the sibling was disposable";
  auto const& lines = spawner.programs[1]->lines;
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(
      lines[0],
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{"elicitation":{"form":{},"url":{}},"roots":{},"sampling":{"context":{},"tools":{}}},)"
      R"("clientInfo":{"name":"weir"}}})");
  EXPECT_EQ(lines[1], R"({"jsonrpc":"2.0","method":"notifications/initialized","params":{}})");
  EXPECT_EQ((*started)->identity.server_info, R"({"name":"f"})");
}

TEST_F(Launch, KeepsTheProbedProcessOfAModernServer) {
  spawner.handshake = Handshake::modern;
  launch();
  ASSERT_TRUE(started && *started);
  EXPECT_TRUE((*started)->identity.modern());
  EXPECT_EQ((*started)->identity.capabilities, R"({"tools":{}})");
  EXPECT_EQ(spawner.programs.size(), 1U);
  EXPECT_TRUE(spawner.last().running());
}

TEST_F(Launch, TakesSilenceForALegacyServer) {  // P010
  spawner.handshake = Handshake::legacy_silent;
  launch();
  loop.advance(10s - 1ms);
  EXPECT_EQ(spawner.programs.size(), 1U);
  loop.advance(1ms);
  EXPECT_TRUE(legacy());
}

TEST_F(Launch, SurvivesAServerThatExitsAtTheProbe) {  // P010
  spawner.handshake = Handshake::legacy_fragile;
  launch();
  loop.advance(0s);
  EXPECT_TRUE(legacy());
  EXPECT_EQ(spawner.programs.size(), 2U);
}

TEST_F(Launch, ForgetsTheWordsOfTheSibling) {
  spawner.handshake = Handshake::legacy_silent;
  launch();
  spawner.last().complain("starting\n");
  loop.advance(10s);
  spawner.last().complain("starting\n");
  loop.run();
  EXPECT_EQ(log.last_lines(10), "starting");
}

TEST_F(Launch, ProbesOnlyOnceInItsLife) {
  launch();
  launch();
  EXPECT_TRUE(legacy());
  EXPECT_EQ(spawner.programs.size(), 3U);
  EXPECT_NE(spawner.last().id_of("initialize"), "");
}

TEST_F(Launch, NamesExitCodeAndLastWordsOfAServerThatCannotStart) {  // finding 2
  spawner.handshake = Handshake::broken;
  launch();
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().fault, base::Fault::unavailable);
  EXPECT_EQ(started->error().detail, "exit 1: \"DATABASE_URL is not set\"");
  EXPECT_EQ(started->error().server, "files");
}

TEST_F(Launch, DoesNotTryTwiceWhatDoesNotExist) {
  spawner.handshake = Handshake::missing;
  launch();
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().detail, "exit 127: server-files: not found");
  EXPECT_EQ(spawner.programs.size(), 1U);
}

// Text where messages belong: the first of it, and what is wrong with it.
TEST_F(Launch, QuotesWhatAProgramWritesToStdoutInPlaceOfMessages) {
  spawner.handshake = Handshake::none;
  options.mask = [](std::string& text) {
    if (auto const at = text.find("hunter2"); at != std::string::npos) text.replace(at, 7, "***");
  };
  launch();
  for (int program = 0; program < 2; ++program) {  // the sibling, then the child
    spawner.last().say("Server of hunter2\x1b[0m\nmore");
    spawner.last().complain("bye\n");
    spawner.last().exit({.code = 1});
    loop.advance(1s);
  }
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().detail,
            "exit 1: \"bye\"; its stdout begins with \"Server of ***\\x1b[0m\", which is no MCP message: "
            "programs may write only JSON messages there, logs go to stderr");
  EXPECT_EQ(started->error().hint, "Have it write nothing but MCP messages to stdout.");
}

TEST_F(Launch, SaysWhatASilentServerHasOnItsStdoutNoMoreThanALine) {
  spawner.handshake = Handshake::none;
  launch(30s);
  loop.advance(10s);
  spawner.last().say(std::string(116, 'x') + "ééé");
  loop.advance(20s);
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().fault, base::Fault::timed_out);
  EXPECT_EQ(started->error().detail.find("the server does not answer; its stdout begins with \"" +
                                         std::string(116, 'x') + "…\", which is no MCP message: "),
            0U)
      << started->error().detail;
}

TEST_F(Launch, CutsTheLastWordsOfAProgramBehindTheMaskAndBetweenTwoCharacters) {
  spawner.handshake = Handshake::none;
  options.mask = [](std::string& text) {
    if (auto const at = text.find(std::string(500, 'k')); at != std::string::npos)
      text.replace(at, 500, "***");
  };
  launch();
  for (int program = 0; program < 2; ++program) {
    spawner.last().complain("Error: " + std::string(500, 'k') + std::string(386, ' ') + "éé and more\n");
    spawner.last().exit({.code = 1});
    loop.advance(1s);
  }
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().detail, "exit 1: \"Error: ***" + std::string(386, ' ') + "…\"");
}

TEST_F(Launch, NamesTheFolderThatIsMissing) {
  command.working_directory = "/srv/gone";
  spawner.handshake = Handshake::none;
  launch();
  spawner.last().exit({.code = 127, .signal = 0, .exec_errno = 0, .folder_errno = ENOENT});
  loop.advance(1s);
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().detail, "its folder /srv/gone (`cwd`) does not exist");
  EXPECT_EQ(started->error().hint, "Make the folder, or correct the server's `cwd`.");
  EXPECT_EQ(spawner.programs.size(), 1U);
}

TEST_F(Launch, EndsAtItsDeadlineAndLeavesNoProcessBehind) {
  spawner.handshake = Handshake::none;
  launch(30s);
  loop.advance(30s);
  ASSERT_TRUE(started && !*started);
  EXPECT_EQ(started->error().fault, base::Fault::timed_out);
  for (auto const& program : spawner.programs) EXPECT_FALSE(program->running());
}

TEST_F(Launch, CancellingItKillsWhatItStarted) {
  spawner.handshake = Handshake::none;
  launch();
  EXPECT_TRUE(spawner.last().running());
  tasks.cancel();
  EXPECT_FALSE(spawner.last().running());
}

}  // namespace
}  // namespace weir::upstream
