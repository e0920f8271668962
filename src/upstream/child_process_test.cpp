// Real processes: /bin/sh, /bin/cat and this test program itself. main() is at the end of this file.
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "base/ready_until.hpp"
#include "upstream/child_process_io.hpp"
#include "upstream/child_supervisor.hpp"
#include "upstream/stdio_backend_io.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr auto kHang = 20s;  // a generous limit: no test waits for it

ChildCommand shell(std::string script) {
  return {{"sh", "-c", std::move(script)}, {{"PATH", base::Secret("/usr/bin:/bin")}}, {}};
}

struct Process : ::testing::Test {
  base::SystemClock clock;
  net::IoLoop loop{clock};
  ProcessSpawner spawner{loop};
  base::TaskGroup tasks{loop};
  std::unique_ptr<ChildProcess> child;
  std::string output;
  std::string errors;

  void spawn(ChildCommand const& command) {
    auto made = spawner.spawn(command);
    ASSERT_TRUE(made) << made.error().detail;
    child = std::move(*made);
  }
  static base::Task<void> read_all(net::Stream& stream, std::string& into) {
    std::array<char, 1000> buffer;
    for (;;) {
      auto const got = stream.read(buffer);
      if (got.state == net::IoState::blocked) {
        co_await stream.readable();
      } else if (got.state == net::IoState::moved) {
        into.append(buffer.data(), got.bytes);
      } else {
        co_return;
      }
    }
  }
  static base::Task<void> until(net::IoLoop& loop, base::Event& event, bool& in_time) {
    in_time = co_await base::ready_until(loop, event, loop.now() + kHang);
    loop.stop();
  }
  void wait_for(base::Event& event) {
    bool in_time = false;
    tasks.spawn(until(loop, event, in_time));
    loop.run();
    EXPECT_TRUE(in_time);
  }
  // Runs it to its end, reading everything.
  void run(ChildCommand const& command) {
    spawn(command);
    tasks.spawn(read_all(child->output(), output));
    tasks.spawn(read_all(child->errors(), errors));
    child->input().shutdown_write();
    wait_for(child->exited());
    wait_for_quiet();
  }
  static base::Task<void> nap(net::IoLoop& loop, base::Duration duration) {
    co_await loop.sleep_for(duration);
    loop.stop();
  }
  void wait_for_quiet() {
    tasks.spawn(nap(loop, 20ms));
    loop.run();
  }
};

bool alive(int pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(stat, text);
  auto const name_end = text.rfind(')');
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

bool all_gone(std::vector<int> const& pids) {
  base::SystemClock const clock;
  auto const until = clock.now() + kHang;
  while (clock.now() < until) {
    if (std::none_of(pids.begin(), pids.end(), alive)) return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

std::vector<int> numbers_in(std::string const& text) {
  std::istringstream in(text);
  std::vector<int> out;
  for (int n = 0; in >> n;) out.push_back(n);
  return out;
}

TEST_F(Process, CarriesBytesBothWaysAndItsExitCode) {
  spawn({{"cat"}, {{"PATH", base::Secret("/usr/bin:/bin")}}, {}});
  tasks.spawn(read_all(child->output(), output));
  char text[] = "hello\n";
  iovec const piece{text, 6};
  EXPECT_EQ(child->input().write({&piece, 1}).bytes, 6U);
  child->input().shutdown_write();
  wait_for(child->exited());
  wait_for_quiet();
  EXPECT_EQ(output, "hello\n");
  EXPECT_EQ(child->exit_status().code, 0);
}

TEST_F(Process, SaysWhatWasNotFound) {  // E204
  ChildCommand const command{{"no-such-server", "-y"}, {{"PATH", base::Secret("/usr/bin:/bin")}}, {}};
  run(command);
  EXPECT_EQ(describe(child->exit_status(), command), "exit 127: no-such-server: not found");
}

TEST_F(Process, SaysWhyAProgramCannotBeRun) {
  ChildCommand const denied{{"/etc/passwd"}, {}, {}};
  run(denied);
  EXPECT_EQ(describe(child->exit_status(), denied), "exit 126: /etc/passwd: Permission denied");
  auto const file = ::testing::TempDir() + "weir_no_program";
  std::ofstream(file) << "echo a shell ran this\n";
  ::chmod(file.c_str(), 0755);
  ChildCommand const no_program{{file}, {}, {}};
  run(no_program);
  EXPECT_EQ(child->exit_status().exec_errno, ENOEXEC);
  EXPECT_EQ(output, "");
}

TEST_F(Process, SaysThatTheWorkingDirectoryIsMissing) {
  auto command = shell("true");
  command.working_directory = "/no/such/place";
  run(command);
  EXPECT_FALSE(child->exit_status().started());
  EXPECT_EQ(describe(child->exit_status(), command), "its folder /no/such/place (`cwd`) does not exist");
  command.working_directory = "/proc/self/exe";
  run(command);
  EXPECT_EQ(describe(child->exit_status(), command), "its folder /proc/self/exe (`cwd`) is not a folder");
}

TEST_F(Process, ReportsCodesAndSignalsOfTheProgramItself) {
  auto const code = shell("echo out; echo err >&2; exit 42");
  run(code);
  EXPECT_EQ(describe(child->exit_status(), code), "exit 42");
  EXPECT_EQ(output, "out\n");
  EXPECT_EQ(errors, "err\n");
  auto const signal = shell("kill -SEGV $$");
  run(signal);
  EXPECT_EQ(describe(child->exit_status(), signal), "signal 11 (Segmentation fault)");
}

TEST_F(Process, GivesTheProgramItsOwnEnvironmentAndNoDescriptors) {  // F-57
  ::setenv("WEIR_CANARY", "canary", 1);
  int const leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  auto command = shell("env; echo --; ls /proc/self/fd; pwd");
  command.environment.emplace_back("TOKEN", base::Secret("a b"));
  command.working_directory = "/usr";
  run(command);
  ::close(leak);
  EXPECT_NE(output.find("TOKEN=a b\n"), std::string::npos);
  EXPECT_EQ(output.find("canary"), std::string::npos);
  EXPECT_NE(output.find("--\n0\n1\n2\n3\n/usr\n"), std::string::npos) << output << "(3 is ls itself)";
}

// Its own number, and what it leads to.
std::map<int, std::string> descriptors_of(std::string const& process) {
  std::map<int, std::string> found;
  for (auto const& entry : std::filesystem::directory_iterator("/proc/" + process + "/fd")) {
    std::error_code gone;  // the one that lists them
    auto const to = std::filesystem::read_symlink(entry.path(), gone).string();
    if (!gone) found.emplace(std::stoi(entry.path().filename().string()), to);
  }
  return found;
}
std::map<int, std::string> const kInherited = descriptors_of("self");  // by this program

// One that is not close-on-exec reaches the supervisor, and ends there.
TEST_F(Process, TheSupervisorKeepsNothingThatItInherited_F57) {
  int const leak = ::open("/dev/null", O_RDONLY);
  spawn(shell("read line"));
  ::close(leak);
  std::set<std::string> const wanted{"anon_inode:[signalfd]", "pipe"};
  std::set<std::string> seen;
  for (auto const end = loop.now() + kHang; seen != wanted && loop.now() < end;) {
    seen.clear();
    for (auto const& [fd, to] : descriptors_of(std::to_string(child->pid()))) {
      seen.insert(fd == kLifelineFd ? to.substr(0, to.find(':')) : to);
    }
    wait_for_quiet();
  }
  EXPECT_EQ(seen, wanted);
}

// … and what Weir opens does not even get there.
TEST_F(Process, WhatWeirOpensIsCloseOnExec_F57) {
  spawn(shell("read line"));
  std::size_t opened = 0;
  for (auto const& [fd, to] : descriptors_of("self")) {
    if (kInherited.contains(fd)) continue;
    ++opened;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << fd << " → " << to;
  }
  EXPECT_GE(opened, 6U) << "the child's pipes, its process and what the loop waits with";
}

TEST_F(Process, StartsWithDefaultSignalsAndNoTerminal) {
  run(
      shell("trap '' TERM; cat /proc/self/status | grep -E 'SigBlk|SigIgn'; tty; "
            "echo session; cut -d' ' -f6 /proc/self/stat"));
  EXPECT_NE(output.find("SigBlk:\t0000000000000000"), std::string::npos) << output;
  EXPECT_NE(output.find("not a tty"), std::string::npos) << output;
  EXPECT_NE(output.find(fmt::format("session\n{}\n", child->pid())), std::string::npos) << output;
  auto const ignored = std::stoull(output.substr(output.find("SigIgn:") + 7), nullptr, 16);
  EXPECT_EQ(ignored & 0x7FFFFFFFU, 0x4000U) << "only what the script ignores; 32 and 33 are the C library's";
}

// Whose memory mcp_upstream_rss_bytes is.
TEST_F(Process, NamesTheProgramAndNotItsSupervisor) {
  spawn(shell("echo $$; read line"));
  tasks.spawn(read_all(child->output(), output));
  while (output.find('\n') == std::string::npos || child->program() == 0) wait_for_quiet();
  EXPECT_EQ(child->program(), std::stoi(output));
  EXPECT_NE(child->program(), child->pid());
  EXPECT_GT(observe::resident_bytes_of(child->program()), 4096);
  child->input().shutdown_write();
  wait_for(child->exited());
  EXPECT_EQ(child->program(), 0);
}

TEST_F(Process, PassesSigtermToTheWholeGroup) {
  auto const inner = "sh -c 'trap \"echo inner; exit 0\" TERM; echo up; while :; do sleep 0.01; done' & ";
  spawn(shell(std::string("trap : TERM; ") + inner + "wait; wait; echo outer; exit 5"));
  tasks.spawn(read_all(child->output(), output));
  while (output.find("up") == std::string::npos) wait_for_quiet();
  child->terminate();
  wait_for(child->exited());
  wait_for_quiet();
  EXPECT_EQ(output, "up\ninner\nouter\n");
  EXPECT_EQ(child->exit_status().code, 5);
}

// A tree like npx's: grandchildren that ignore their stdin, one of them in a session of its own.
constexpr char const* kTree =
    "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; (setsid sh -c 'sleep 1000 & echo $!; wait' &) ; echo "
    "$$; ";

TEST_F(Process, KillsTheWholeTree) {
  spawn(shell(std::string(kTree) + "wait"));
  tasks.spawn(read_all(child->output(), output));
  while (numbers_in(output).size() < 4) wait_for_quiet();
  auto const pids = numbers_in(output);
  EXPECT_TRUE(std::all_of(pids.begin(), pids.end(), alive));
  child->kill();
  wait_for(child->exited());
  EXPECT_TRUE(all_gone(pids));
  EXPECT_EQ(child->exit_status().signal, SIGKILL);
}

TEST_F(Process, LeavesNothingBehindWhenTheProgramExitsByItself) {
  run(shell(std::string(kTree) + "exit 0"));
  EXPECT_EQ(child->exit_status().code, 0);
  EXPECT_TRUE(all_gone(numbers_in(output)));
}

TEST_F(Process, LeavesNothingBehindWhenTheSupervisorIsKilled) {
  spawn(shell("sleep 1000 & echo $!; echo $$; wait"));
  tasks.spawn(read_all(child->output(), output));
  while (numbers_in(output).size() < 2) wait_for_quiet();
  ::kill(child->pid(), SIGKILL);
  wait_for(child->exited());
  EXPECT_TRUE(all_gone(numbers_in(output)));
}

TEST_F(Process, DestroyingItKillsTheTreeAndReapsIt) {
  spawn(shell("sleep 1000 & echo $!; echo $$; wait"));
  tasks.spawn(read_all(child->output(), output));
  while (numbers_in(output).size() < 2) wait_for_quiet();
  auto pids = numbers_in(output);
  int const supervisor = child->pid();
  tasks.cancel();
  child.reset();
  for (int i = 0; i < 1000 && ::kill(supervisor, 0) == 0; ++i) wait_for_quiet();
  EXPECT_EQ(::kill(supervisor, 0), -1) << "not even a zombie";
  EXPECT_TRUE(all_gone(pids));
}

// In a process of its own, see main(): prints its child's pid, then what the script prints.
int run_and_be_killed(char const* script) {
  base::SystemClock clock;
  net::IoLoop loop(clock);
  ProcessSpawner spawner(loop);
  base::TaskGroup tasks(loop);
  auto child = spawner.spawn(shell(script));
  if (!child) return 1;
  auto const copy = [](ChildProcess& from) -> base::Task<void> {
    std::array<char, 1000> buffer;
    auto text = std::to_string(from.pid()) + "\n";
    while (::write(1, text.data(), text.size()) >= 0) {
      auto const got = from.output().read(buffer);
      if (got.state == net::IoState::ended || got.state == net::IoState::failed) co_return;
      if (got.state == net::IoState::blocked) co_await from.output().readable();
      text.assign(buffer.data(), got.bytes);
    }
  };
  tasks.spawn(copy(**child));
  loop.run();
  return 0;
}

struct Orphans : ::testing::Test {
  pid_t weir = 0;
  std::vector<int> pids;  // of the supervisor, then what the script printed

  void start(std::string const& script, std::size_t numbers) {
    int fds[2];
    ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    weir = ::fork();
    if (weir == 0) {
      ::dup2(fds[1], 1);
      ::execl("/proc/self/exe", "weir", "__be_killed", script.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(fds[1]);
    std::string output;
    std::array<char, 100> buffer;
    while (numbers_in(output).size() < numbers || output.back() != '\n') {
      auto const got = ::read(fds[0], buffer.data(), buffer.size());
      ASSERT_GT(got, 0);
      output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(fds[0]);
    pids = numbers_in(output);
    EXPECT_TRUE(std::all_of(pids.begin(), pids.end(), alive));
  }
  ~Orphans() override {
    ::kill(weir, SIGKILL);
    ::waitpid(weir, nullptr, 0);
  }
};

TEST_F(Orphans, ThereAreNoneWhenWeirIsKilled) {  // acceptance row 40, the hard way
  start(std::string(kTree) + "wait", 5);
  ::kill(weir, SIGKILL);
  EXPECT_TRUE(all_gone(pids));
}

TEST_F(Orphans, TheProgramDiesEvenWhenNobodyIsLeftToKillIt) {  // pkill -9 weir takes both of us
  start("echo $$; exec sleep 1000", 2);
  ::kill(weir, SIGSTOP);
  ::kill(pids[0], SIGKILL);
  EXPECT_TRUE(all_gone(pids));
}

TEST_F(Process, ARealLegacyServerOpensAndCloses) {
  // Answers whatever has an id, in the shape of an InitializeResult; server/discover gets -32601.
  auto const script = R"(
    while read -r line; do
      id=${line#*\"id\":}; id=${id%%,*}
      case $line in
        *server/discover*) echo '{"jsonrpc":"2.0","id":'$id',"error":{"code":-32601,"message":"no"}}';;
        *\"id\"*)
          echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-06-18","capabilities":{}}}';;
      esac
    done; echo bye >&2)";
  base::SystemRandom random;
  StdioBackend::Options options;
  options.command = shell(script);
  options.child.server = "files";
  options.child.gateway_info = R"({"name":"weir"})";
  StdioBackend backend(loop, spawner, random, options, nullptr);
  std::string seen;
  auto const life = [](StdioBackend& b, net::IoLoop& l, std::string& out) -> base::Task<void> {
    auto const identity = co_await b.open();
    out = identity ? std::string(mcp::text_of(identity->revision)) : identity.error().detail;
    co_await b.close(l.now() + kHang);
    out += " " + b.status().last_stderr;
    l.stop();
  };
  tasks.spawn(life(backend, loop, seen));
  loop.run();
  EXPECT_EQ(seen.substr(0, 10), "2025-06-18");
}

}  // namespace
}  // namespace weir::upstream

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == weir::upstream::kSupervisorVerb)
    weir::upstream::run_child_supervisor(argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  if (argc > 2 && std::strcmp(argv[1], "__be_killed") == 0) return weir::upstream::run_and_be_killed(argv[2]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
