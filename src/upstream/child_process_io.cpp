#include "upstream/child_process_io.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "net/fd_stream.hpp"
#include "upstream/child_supervisor.hpp"

namespace weir::upstream {
namespace {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(release());
  }

 private:
  int fd_ = -1;
};

struct PipeEnds {
  Fd read;
  Fd write;
};

// glibc 2.36 declares pidfd_open() without C linkage.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

// Close-on-exec, and above the numbers that the supervisor expects, so that dup2 in the child overwrites none
// of them.
bool open_pipe(PipeEnds& out) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return false;
  for (int& fd : fds) {
    if (fd > kReportFd) continue;
    int const raised = ::fcntl(fd, F_DUPFD_CLOEXEC, kReportFd + 1);
    ::close(std::exchange(fd, raised));
  }
  out.read = Fd(fds[0]);
  out.write = Fd(fds[1]);
  return fds[0] >= 0 && fds[1] >= 0;
}

struct Pipes {
  PipeEnds input, output, errors, lifeline, report;
  bool open() {
    for (auto* const pipe : {&input, &output, &errors, &lifeline, &report}) {
      if (!open_pipe(*pipe)) return false;
    }
    return true;
  }
};

base::Error refused(int error) {
  auto const fault = error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM
                         ? base::Fault::busy
                         : base::Fault::internal;
  return base::Error(fault, base::Blame::gateway,
                     fmt::format("cannot start a process: {}", ::strerrordesc_np(error)));
}

struct EnvironmentBlock {  // NAME=value, wiped when it goes
  explicit EnvironmentBlock(std::vector<Variable> const& variables) {
    lines.reserve(variables.size());
    for (auto const& [name, value] : variables) {
      std::string line;
      line.reserve(name.size() + 1 + value.reveal().size());  // no growth: it would leave a copy behind
      line.append(name).append("=").append(value.reveal());
      lines.push_back(std::move(line));
    }
    for (auto& line : lines) pointers.push_back(line.data());
    pointers.push_back(nullptr);
  }
  ~EnvironmentBlock() {
    for (auto& line : lines) ::explicit_bzero(line.data(), line.size());
  }
  EnvironmentBlock(EnvironmentBlock const&) = delete;
  EnvironmentBlock& operator=(EnvironmentBlock const&) = delete;

  std::vector<std::string> lines;
  std::vector<char*> pointers;
};

// Returns 0 or an errno.
int start_supervisor(ChildCommand const& command, Pipes const& pipes, pid_t& pid) {
  auto const& variables = command.environment;
  auto const path =
      std::find_if(variables.begin(), variables.end(), [](auto const& v) { return v.first == "PATH"; });
  std::vector<std::string> words{"weir", std::string(kSupervisorVerb), command.working_directory,
                                 std::string(path == variables.end() ? "" : path->second.reveal())};
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  EnvironmentBlock environment(command.environment);

  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  std::array const sources{pipes.input.read.get(), pipes.output.write.get(), pipes.errors.write.get(),
                           pipes.lifeline.read.get(), pipes.report.write.get()};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    ::posix_spawn_file_actions_adddup2(&files, sources[i], static_cast<int>(i));
  }
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
  sigset_t set;
  sigemptyset(&set);
  ::posix_spawnattr_setsigmask(&how, &set);
  sigfillset(&set);
  ::posix_spawnattr_setsigdefault(&how, &set);
  // A session of its own: the terminal's Ctrl-C is Weir's to handle, and no child can ask questions on it.
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  int const error =
      ::posix_spawn(&pid, "/proc/self/exe", &files, &how, argv.data(), environment.pointers.data());
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

struct Exit {  // shared by the child and the spawner's reaper
  explicit Exit(base::Scheduler& scheduler) : exited(scheduler) {}
  base::Event exited;
  ExitStatus status;
  pid_t pid = 0;
  pid_t group = 0;  // of the program, and its own pid; 0 until it is told
  Fd report;        // where that is told, and why there is no program; does not block
  bool reaped = false;
};

void read_reports(Exit& exit) noexcept {
  ChildReport said;
  while (::read(exit.report.get(), &said, sizeof said) == static_cast<ssize_t>(sizeof said)) {
    if (said.exec_errno != 0) exit.status.exec_errno = said.exec_errno;
    if (said.folder_errno != 0) exit.status.folder_errno = said.folder_errno;
    if (said.group > 0) exit.group = said.group;
  }
}

void reap(Exit& exit) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(exit.pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
  exit.reaped = true;
  if (info.si_code == CLD_EXITED) {
    exit.status.code = info.si_status;
  } else {
    exit.status.signal = info.si_status;
  }
  read_reports(exit);
  exit.report.reset();
  // Only the supervisor itself being killed leaves anything of its group to kill.
  if (exit.group > 0 && exit.status.signal == SIGKILL) ::kill(-exit.group, SIGKILL);
  exit.exited.set();
}

base::Task<void> reap_when_over(std::shared_ptr<Exit> exit, std::unique_ptr<net::Readable> over) {
  while (!exit->reaped) {
    co_await over->event().wait();
    reap(*exit);
    if (!exit->reaped) over->again();
  }
}

class RealChild final : public ChildProcess {
 public:
  std::unique_ptr<net::Stream> in, out, err;
  Fd lifeline;
  std::shared_ptr<Exit> exit;

  ~RealChild() override { lifeline.reset(); }
  net::Stream& input() noexcept override { return *in; }
  net::Stream& output() noexcept override { return *out; }
  net::Stream& errors() noexcept override { return *err; }
  int pid() const noexcept override { return exit->pid; }
  int program() const noexcept override {
    if (exit->reaped) return 0;
    if (exit->group == 0) read_reports(*exit);
    return exit->group;
  }
  base::Event& exited() noexcept override { return exit->exited; }
  ExitStatus const& exit_status() const noexcept override { return exit->status; }
  void terminate() noexcept override {
    if (!exit->reaped) ::kill(exit->pid, SIGTERM);  // the supervisor passes it on
  }
  void kill() noexcept override {
    bool const again = lifeline.get() < 0;
    lifeline.reset();
    if (again && !exit->reaped) ::kill(exit->pid, SIGKILL);  // a supervisor that somebody stopped
  }
};

}  // namespace

base::Result<std::unique_ptr<ChildProcess>> ProcessSpawner::spawn(ChildCommand const& command) {
  Pipes pipes;
  if (!pipes.open()) return refused(errno);
  ::fcntl(pipes.report.read.get(), F_SETFL, O_NONBLOCK);
  auto exit = std::make_shared<Exit>(loop_);
  if (int const error = start_supervisor(command, pipes, exit->pid); error != 0) return refused(error);

  auto child = std::make_unique<RealChild>();  // from here on its destructor ends the process
  child->exit = exit;
  child->lifeline = std::move(pipes.lifeline.write);
  auto over = net::watch_fd(loop_, open_pidfd(exit->pid));
  if (!over) return refused(EMFILE);
  exit->report = std::move(pipes.report.read);
  reapers_.spawn(reap_when_over(exit, std::move(over)));
  child->in = net::make_fd_stream(loop_, pipes.input.write.release(), "stdin");
  child->out = net::make_fd_stream(loop_, pipes.output.read.release(), "stdout");
  child->err = net::make_fd_stream(loop_, pipes.errors.read.release(), "stderr");
  if (!child->in || !child->out || !child->err) return refused(EMFILE);
  return base::Result<std::unique_ptr<ChildProcess>>(std::move(child));
}

}  // namespace weir::upstream
