// DiskEnvironment: the real files.
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "config/environment.hpp"

namespace weir::config {
namespace {

base::Error failure(int code) {
  auto const fault = code == ENOENT || code == ENOTDIR ? base::Fault::not_found
                     : code == EACCES || code == EPERM ? base::Fault::denied
                                                       : base::Fault::internal;
  return {fault, base::Blame::client, code == ENOENT ? "no such file" : std::strerror(code)};
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

base::Result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto const n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0) return failure(errno);
  return {};
}

}  // namespace

DiskEnvironment::DiskEnvironment(Variables variables) : variables_(std::move(variables)) {}

std::string DiskEnvironment::working_directory() const {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

unsigned DiskEnvironment::cores() const { return std::max(1U, std::thread::hardware_concurrency()); }

base::Result<std::string> DiskEnvironment::read(std::string const& path, std::size_t bytes_max) const {
  // Non-blocking, so that a named pipe cannot hang the start; it has no effect on ordinary files.
  Descriptor const file{::open(absolute(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return failure(errno);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return failure(errno);
  if (!S_ISREG(info.st_mode))
    return base::Error{base::Fault::invalid_input, base::Blame::client, "not an ordinary file"};
  std::string text;
  char buffer[16384];
  while (text.size() <= bytes_max) {
    auto const n = ::read(file.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(errno);
    if (n == 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  explicit_bzero(buffer, sizeof buffer);
  if (text.size() > bytes_max) {
    return base::Error{base::Fault::too_large, base::Blame::client,
                       "larger than " + std::to_string(bytes_max) + " bytes"};
  }
  return text;
}

bool DiskEnvironment::exists(std::string const& path) const {
  return ::access(absolute(path).c_str(), F_OK) == 0;
}

std::vector<std::string> DiskEnvironment::glob(std::string const& pattern) const {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(absolute(pattern).c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

base::Result<void> DiskEnvironment::write(std::string const& path, std::string_view text) {
  auto const target = absolute(path);
  for (auto slash = target.find('/', 1); slash != std::string::npos; slash = target.find('/', slash + 1)) {
    if (::mkdir(target.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) return failure(errno);
  }
  auto temporary = target + ".XXXXXX";
  Descriptor const file{::mkostemp(temporary.data(), O_CLOEXEC)};  // 0600
  if (file.fd < 0) return failure(errno);
  auto result = write_all(file.fd, text);
  if (result && ::rename(temporary.c_str(), target.c_str()) != 0) result = failure(errno);
  if (!result) ::unlink(temporary.c_str());
  return result;
}

}  // namespace weir::config
