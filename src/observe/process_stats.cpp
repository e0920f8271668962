#include "observe/process_stats.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>

namespace weir::observe {
namespace {

std::string read_file(char const* path) {
  std::string text;
  int const fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 0; (n = ::read(fd, chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(n));
  ::close(fd);
  return text;
}

double number(std::string_view text) noexcept {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double boot_seconds() {
  std::string const stat = read_file("/proc/stat");
  auto const at = stat.find("\nbtime ");
  return at == std::string::npos ? 0 : number(std::string_view(stat).substr(at + 7));
}

double count_open_fds() {
  DIR* const dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double count = -3;  // `.`, `..` and the descriptor of this directory
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

}  // namespace

ProcessStats parse_proc_stat(std::string_view line, ProcUnits const& units) noexcept {
  ProcessStats stats;
  auto const name_end = line.rfind(") ");
  if (name_end == std::string_view::npos) return stats;
  line.remove_prefix(name_end + 2);
  for (int field = 3; !line.empty(); ++field) {
    auto const end = line.find(' ');
    double const value = number(line.substr(0, end));
    switch (field) {
      case 14:
      case 15: stats.cpu_seconds += value / units.ticks_per_second; break;
      case 20: stats.threads = value; break;
      case 22: stats.start_seconds = units.boot_seconds + value / units.ticks_per_second; break;
      case 23: stats.virtual_bytes = value; break;
      case 24: stats.resident_bytes = value * units.page_bytes; return stats;
      default: break;
    }
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return stats;
}

ProcessStats read_process_stats() {
  static double const booted = boot_seconds();
  ProcUnits const units{static_cast<double>(::sysconf(_SC_CLK_TCK)),
                        static_cast<double>(::sysconf(_SC_PAGESIZE)), booted};
  ProcessStats stats = parse_proc_stat(read_file("/proc/self/stat"), units);
  stats.open_fds = count_open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = static_cast<double>(limit.rlim_cur);
  return stats;
}

double resident_bytes_of(int pid) {
  if (pid <= 0) return 0;
  ProcUnits const units{1, static_cast<double>(::sysconf(_SC_PAGESIZE)), 0};
  return parse_proc_stat(read_file(("/proc/" + std::to_string(pid) + "/stat").c_str()), units).resident_bytes;
}

}  // namespace weir::observe
