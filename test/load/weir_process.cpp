#include "weir_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "net/listener.hpp"

extern char** environ;

namespace weir::load {

namespace {

std::uint16_t free_port() {
  auto const bound = net::Listener::bind("127.0.0.1", 0);
  return bound ? (*bound)->port() : std::uint16_t{0};
}

}  // namespace

bool WeirProcess::make_folder() {
  char folder[] = "/tmp/weir-load-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return false;
  folder_ = folder;
  return true;
}

std::string WeirProcess::start(std::string const& program, std::string const& servers_yaml) {
  port_ = free_port();
  admin_port_ = free_port();
  std::string const config = folder_ + "/weir.yaml";
  std::ofstream(config) << "listeners:\n  - bind: 127.0.0.1:" << port_
                        << "\nadmin:\n  bind: 127.0.0.1:" << admin_port_ << "\n"
                        << servers_yaml;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/weir.log").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  char const* const argv[] = {program.c_str(), "run", config.c_str(), nullptr};
  int const failed =
      ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, const_cast<char**>(argv), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) pid_ = 0;
  return failed == 0 ? std::string() : program + " cannot be started";
}

WeirProcess::~WeirProcess() {
  int code = 0;
  if (pid_ > 0 && !ended(code)) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::string WeirProcess::log_tail() const {
  std::ifstream file(folder_ + "/weir.log");
  std::string const text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
}

void WeirProcess::terminate() const { ::kill(pid_, SIGTERM); }

bool WeirProcess::ended(int& code) {
  if (pid_ == 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  pid_ = 0;
  return true;
}

}  // namespace weir::load
