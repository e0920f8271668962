#include "chaos/process_fault.hpp"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace weir::chaos {

namespace {

std::string text_of(std::string const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<int> children_of(int pid) {
  std::vector<int> found;
  std::error_code gone;
  std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), gone);
  for (auto const end = std::filesystem::directory_iterator(); !gone && threads != end;
       threads.increment(gone)) {
    std::ifstream list(threads->path() / "children");
    for (int child = 0; list >> child;) found.push_back(child);
  }
  return found;
}

// Its last words are the command's.
bool runs(int pid, std::vector<std::string> const& command) {
  std::string wanted;
  for (auto const& word : command) wanted += '\0' + word;
  wanted += '\0';
  return text_of(fmt::format("/proc/{}/cmdline", pid)).ends_with(wanted);
}

}  // namespace

ProcessFault::ProcessFault(int gateway_pid, std::vector<std::string> command)
    : gateway_(gateway_pid), command_(std::move(command)) {}

std::vector<int> ProcessFault::groups() const {
  std::vector<int> found;
  for (int const supervisor : children_of(gateway_)) {
    if (!runs(supervisor, command_)) continue;
    for (int const program : children_of(supervisor)) {
      if (::getpgid(program) == program) found.push_back(program);
    }
  }
  return found;
}

bool ProcessFault::kill() {
  bool any = false;
  for (int const group : groups()) any = ::kill(-group, SIGKILL) == 0 || any;
  return any;
}

bool ProcessFault::stop() {
  for (int const group : groups()) {
    if (::kill(-group, SIGSTOP) == 0) stopped_.insert(group);
  }
  return !stopped_.empty();
}

void ProcessFault::go_on() {
  if (stopped_.empty()) return;
  for (int const group : groups()) {
    if (stopped_.contains(group)) ::kill(-group, SIGCONT);
  }
  stopped_.clear();
}

}  // namespace weir::chaos
