// This process stands for the gateway, a shell for its supervisor, `sleep` for the server's program.
#include "chaos/process_fault.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/clock.hpp"

extern char** environ;

namespace weir::chaos {
namespace {

std::vector<std::string> const kProgram{"sleep", "1000"};

struct ProcessFaultTest : testing::Test {
  int supervisor = 0;
  ProcessFault fault{::getpid(), kProgram};

  void SetUp() override {
    std::string words[] = {"sh", "-c", "setsid \"$@\" & wait", "weir", kProgram[0], kProgram[1]};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(::posix_spawnp(&supervisor, "sh", nullptr, nullptr, argv.data(), environ), 0);
  }
  void TearDown() override {
    fault.kill();
    ::kill(supervisor, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
  }
  // Until `holds`, as long as a hang would take.
  template <class Holds>
  static bool soon(Holds holds) {
    base::SystemClock const clock;
    auto const until = clock.now() + std::chrono::seconds{20};
    while (!holds() && clock.now() < until) ::sched_yield();
    return holds();
  }
  int program() const {
    std::ifstream list("/proc/" + std::to_string(supervisor) + "/task/" + std::to_string(supervisor) +
                       "/children");
    int pid = 0;
    list >> pid;
    return pid;
  }
  static char state(int pid) {
    std::string line;
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::getline(file, line);
    auto const at = line.rfind(") ");
    return at == std::string::npos ? '-' : line[at + 2];
  }
};

TEST_F(ProcessFaultTest, StopsAProgramAndLetsItGoOn) {
  ASSERT_TRUE(soon([&] { return fault.stop(); }));
  int const pid = program();
  EXPECT_TRUE(soon([&] { return state(pid) == 'T'; }));
  fault.go_on();
  EXPECT_TRUE(soon([&] { return state(pid) == 'S'; }));
}

TEST_F(ProcessFaultTest, KillsAProgramAndNothingElse) {
  ProcessFault other(::getpid(), {"sleep", "1001"});
  ASSERT_TRUE(soon([&] { return fault.stop(); }));
  fault.go_on();
  EXPECT_FALSE(other.kill());
  EXPECT_FALSE(other.stop());
  EXPECT_TRUE(fault.kill());
  int status = 0;
  EXPECT_EQ(::waitpid(supervisor, &status, 0), supervisor);  // which waited for nothing but its program
  EXPECT_FALSE(fault.kill());
}

TEST_F(ProcessFaultTest, LetsAStoppedProgramGoOnWhenTheRunEnds) {
  int pid = 0;
  {
    ProcessFault brief(::getpid(), kProgram);
    ASSERT_TRUE(soon([&] { return brief.stop(); }));
    pid = program();
    EXPECT_TRUE(soon([&] { return state(pid) == 'T'; }));
  }
  EXPECT_TRUE(soon([&] { return state(pid) == 'S'; }));
}

}  // namespace
}  // namespace weir::chaos
