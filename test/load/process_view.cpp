#include "process_view.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace weir::load {

namespace fs = std::filesystem;

namespace {

struct Stat {
  char state = 0;
  int parent = 0;
};

Stat stat_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  auto const after_name = line.rfind(") ");
  if (after_name == std::string::npos) return {};
  return {line[after_name + 2], std::atoi(line.c_str() + after_name + 4)};
}

std::size_t entries(std::string const& folder) {
  std::error_code gone;
  std::size_t count = 0;
  for (auto at = fs::directory_iterator(folder, gone); !gone && at != fs::directory_iterator();
       at.increment(gone)) {
    ++count;
  }
  return count;
}

}  // namespace

bool is_alive(int pid) {
  char const state = stat_of(pid).state;
  return state != 0 && state != 'Z';
}

std::size_t open_descriptors(int pid) { return entries("/proc/" + std::to_string(pid) + "/fd"); }

std::size_t threads(int pid) { return entries("/proc/" + std::to_string(pid) + "/task"); }

std::size_t anonymous_kib(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("RssAnon:")) return static_cast<std::size_t>(std::atoll(line.c_str() + 8));
  }
  return 0;
}

bool uses_address_sanitizer(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(file, line);) {
    if (line.find("libasan") != std::string::npos) return true;
  }
  return false;
}

std::vector<int> children(int pid) {
  std::vector<int> found;
  std::error_code gone;
  for (auto at = fs::directory_iterator("/proc", gone); !gone && at != fs::directory_iterator();
       at.increment(gone)) {
    int const other = std::atoi(at->path().filename().c_str());
    if (other > 0 && stat_of(other).parent == pid) found.push_back(other);
  }
  return found;
}

}  // namespace weir::load
