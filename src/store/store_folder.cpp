#include "store/store_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace weir::store {
namespace {

namespace fs = std::filesystem;

// Numbers take turns in a row of slots, so that threads that announce at once write beside one another. Those
// of marks that throw away have slots of their own: nothing else may hide them.
constexpr std::uint64_t kSlots = 256;
using Slots = std::array<std::uint64_t, 2 * kSlots>;

std::string trouble(std::string_view doing, fs::path const& what, int error) {
  auto const* const cure = error == ENOSPC || error == EDQUOT ? "make room on that disk"
                           : error == EACCES || error == EPERM || error == EROFS
                               ? "let this user write there, or name another folder"
                               : "look after that disk, or name another folder";
  return fmt::format("cannot {} {}: {}; {}", doing, what.string(), strerrordesc_np(error), cure);
}

std::uint64_t size_of(fs::path const& file) noexcept {
  struct stat facts {};
  return ::stat(file.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

}  // namespace

std::string StoreFolder::enter() {
  if (entered()) return {};
  std::error_code error;
  if (folder_.has_parent_path()) fs::create_directories(folder_.parent_path(), error);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return trouble("make", folder_, errno);
  if (::access(folder_.c_str(), W_OK) != 0) return trouble("write to", folder_, errno);
  auto const file = folder_ / "answers.lock";
  int const fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return trouble("open", file, errno);
  if (auto refused = take(fd); !refused.empty()) {
    ::close(fd);
    return refused;
  }
  lock_ = fd;
  return {};
}

std::string StoreFolder::take(int fd) {
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return trouble("lock", folder_, errno);
    return fmt::format("another Weir uses {}; give each its own folder", folder_.string());
  }
  Slots slots{};
  auto const wanted = static_cast<ssize_t>(sizeof slots);
  auto const read = ::pread(fd, slots.data(), sizeof slots, 0);
  if (read < 0) return trouble("read in", folder_, errno);
  auto const middle = slots.begin() + kSlots;
  announced_.last_gone = *std::max_element(middle, slots.end());
  announced_.last = std::max(*std::max_element(slots.begin(), middle), announced_.last_gone);
  // Written, not just reserved: announce() then needs no new room.
  if (read < wanted && ::pwrite(fd, slots.data(), sizeof slots, 0) != wanted) {
    return trouble("write to", folder_, errno);
  }
  return {};
}

StoreFolder::~StoreFolder() {
  if (lock_ >= 0) ::close(lock_);
}

std::uint64_t StoreFolder::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (auto const* const ending : {"", "-wal", "-shm", "-journal"}) sum += size_of(file() += ending);
  return sum;
}

void StoreFolder::announce(std::uint64_t number, bool gone) const noexcept {
  int const fd = lock_.load();
  if (fd < 0) return;
  auto const slot = number % kSlots + (gone ? kSlots : 0);
  auto const written = ::pwrite(fd, &number, sizeof number, static_cast<off_t>(slot * sizeof number));
  static_cast<void>(written);  // a disk that refuses leaves the mark to be stored in its turn
}

void StoreFolder::clear(bool keep) const {
  std::error_code error;
  auto bad = folder_ / "answers.bad-1";
  if (keep) {
    fs::rename(file(), bad, error);
    for (auto const* const ending : {"-wal", "-journal"}) {
      auto part = bad;
      fs::rename(file() += ending, part += ending, error);
    }
  }
  for (auto const* const ending : {"", "-wal", "-shm", "-journal"}) fs::remove(file() += ending, error);
}

}  // namespace weir::store
