#include <dirent.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <memory>

#include "net/listener.hpp"

// Linux only: the socket's inode from /proc/net/tcp*, then the process that holds it from /proc/*/fd.
namespace weir::net {
namespace {

constexpr char kListening[] = "0A";

std::string inode_of(char const* table, std::uint16_t port) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, ":%04X", port);
  while (std::getline(lines, line)) {
    char local[80];
    char state[8];
    char inode[32];
    if (std::sscanf(line.c_str(), "%*s %79s %*s %7s %*s %*s %*s %*s %*s %31s", local, state, inode) != 3)
      continue;
    if (std::string_view(state) == kListening && std::string_view(local).ends_with(wanted)) return inode;
  }
  return "";
}

bool holds(std::string const& process, std::string const& socket) {
  std::string const folder = "/proc/" + process + "/fd";
  std::unique_ptr<DIR, int (*)(DIR*)> const entries(::opendir(folder.c_str()), &::closedir);
  if (!entries) return false;
  while (dirent const* const entry = ::readdir(entries.get())) {
    char target[64];
    ssize_t const n = ::readlink((folder + "/" + entry->d_name).c_str(), target, sizeof target);
    if (n > 0 && std::string_view(target, static_cast<std::size_t>(n)) == socket) return true;
  }
  return false;
}

}  // namespace

std::string owner_of_port(std::uint16_t port) {
  std::string inode = inode_of("/proc/net/tcp", port);
  if (inode.empty()) inode = inode_of("/proc/net/tcp6", port);
  if (inode.empty()) return "";
  std::string const socket = "socket:[" + inode + "]";
  std::unique_ptr<DIR, int (*)(DIR*)> const processes(::opendir("/proc"), &::closedir);
  if (!processes) return "";
  while (dirent const* const entry = ::readdir(processes.get())) {
    std::string const process = entry->d_name;
    if (std::isdigit(static_cast<unsigned char>(process[0])) == 0 || !holds(process, socket)) continue;
    std::string name;
    std::ifstream("/proc/" + process + "/comm") >> name;
    return name + " (pid " + process + ")";
  }
  return "";
}

}  // namespace weir::net
