#include "upstream/child_supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

namespace weir::upstream {
namespace {

void report(ChildReport what) { [[maybe_unused]] auto const n = ::write(kReportFd, &what, sizeof what); }

// Returns the errno of the most telling failure. Not execvp(): it would hand a file that is no program to a
// shell.
int try_program(char const* path_set, char** argv) {
  std::string_view const name(argv[0]);
  if (name.find('/') != std::string_view::npos) {
    ::execv(argv[0], argv);
    return errno;
  }
  int error = ENOENT;
  std::string_view rest(*path_set != '\0' ? path_set : "/bin:/usr/bin");
  while (!rest.empty()) {
    auto const colon = rest.find(':');
    std::string const path = std::string(rest.substr(0, colon)).append("/").append(name);
    ::execv(path.c_str(), argv);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return error;
}

[[noreturn]] void become_program(char const* directory, char const* path_set, char** argv, pid_t supervisor,
                                 sigset_t const& mask) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // should the supervisor be killed
  if (::getppid() != supervisor) ::_exit(127);
  ::close(kLifelineFd);
  ::fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (*directory != '\0' && ::chdir(directory) != 0) {
    report({.group = 0, .exec_errno = 0, .folder_errno = errno});
  } else {
    report({.group = 0, .exec_errno = try_program(path_set, argv)});
  }
  ::_exit(127);
}

// Direct children only; what they leave behind becomes ours and is found in the next round.
void kill_children() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(::getpid()));
  std::FILE* const list = std::fopen(path, "re");
  if (list == nullptr) return;
  int pid = 0;
  while (std::fscanf(list, "%d", &pid) == 1) ::kill(pid, SIGKILL);
  std::fclose(list);
}

void end_everything(pid_t group) {
  constexpr int kRounds = 2000;  // × 1 ms: a process may need a moment to die
  for (int round = 0; round < kRounds; ++round) {
    ::kill(-group, SIGKILL);
    kill_children();
    pid_t gone = 0;
    while ((gone = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (gone < 0 && errno == ECHILD) return;
    ::poll(nullptr, 0, 1);
  }
}

[[noreturn]] void end_like(int status) {
  if (WIFSIGNALED(status)) {
    rlimit const no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(status), SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, WTERMSIG(status));
    ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
    ::raise(WTERMSIG(status));
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

// Until the program has exited (its status) or the lifeline has ended (as if killed).
int watch(pid_t program, int signals) {
  for (;;) {
    pollfd wait_for[2] = {{kLifelineFd, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(wait_for, 2, -1) < 0 && errno != EINTR) return SIGKILL;
    if (wait_for[0].revents != 0) return SIGKILL;
    signalfd_siginfo seen{};
    if (::read(signals, &seen, sizeof seen) != static_cast<ssize_t>(sizeof seen)) continue;
    if (seen.ssi_signo != SIGCHLD) ::kill(-program, static_cast<int>(seen.ssi_signo));
    int status = 0;
    pid_t gone = 0;
    while ((gone = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (gone == program) return status;
    }
  }
}

}  // namespace

void run_child_supervisor(int argc, char** argv) {
  if (argc < 5) ::_exit(2);
  ::close_range(kReportFd + 1, ~0U, 0);
  ::prctl(PR_SET_NAME, "weir-child");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t handled;
  sigset_t before;
  sigemptyset(&handled);
  for (int const signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, signal);
  ::sigprocmask(SIG_BLOCK, &handled, &before);
  int const signals = ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);

  pid_t const self = ::getpid();
  pid_t const program = ::fork();
  if (program == 0) become_program(argv[2], argv[3], argv + 4, self, before);
  if (program < 0) {
    report({.group = 0, .exec_errno = errno});
    ::_exit(127);
  }
  ::setpgid(program, program);
  report({.group = program, .exec_errno = 0});
  ::close(kReportFd);
  for (int fd = 0; fd < 3; ++fd) ::close(fd);  // the program's pipes must end with the program
  int const status = watch(program, signals);
  end_everything(program);
  end_like(status);
}

}  // namespace weir::upstream
