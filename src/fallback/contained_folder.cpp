#include "fallback/contained_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace weir::fallback {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // a pipe does not hold the thread

int open_beneath(int folder, char const* name, int flags, bool links) noexcept {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links ? 0U : RESOLVE_NO_SYMLINKS);
  return static_cast<int>(::syscall(SYS_openat2, folder, name, &how, sizeof how));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}
int Descriptor::release() noexcept { return std::exchange(fd_, -1); }

FileFacts facts_of(struct stat const& found) noexcept {
  auto const ns_of = [](timespec const& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; };
  return {found.st_dev, found.st_ino, ns_of(found.st_mtim), ns_of(found.st_ctim),
          static_cast<std::uint64_t>(found.st_size)};
}

std::optional<ReadFile> read_regular(Descriptor const& file, std::size_t bytes_max) {
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  ReadFile read{{}, facts_of(found)};
  if (read.facts.bytes > bytes_max) return std::nullopt;
  read.text.resize(read.facts.bytes + 1);  // one more, to see that it has grown
  std::size_t have = 0;
  while (have < read.text.size()) {
    auto const got = ::read(file.get(), read.text.data() + have, read.text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > read.facts.bytes) return std::nullopt;  // it is being written: next time
  read.text.resize(have);
  return read;
}

Descriptor open_for_reading(std::filesystem::path const& file) noexcept {
  return Descriptor(::open(file.c_str(), kReadFlags));
}

ContainedFolder::Opened ContainedFolder::enter() const {
  Opened opened;
  opened.resolver_ = resolver_;
  Descriptor root(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat found {};
  if (!root || ::fstat(root.get(), &found) != 0) return opened;
  opened.facts_ = facts_of(found);
  opened.root_ = std::move(root);
  return opened;
}

Descriptor ContainedFolder::Opened::walk(std::string_view name, int flags) const {
  Descriptor at(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  while (at && !name.empty()) {
    auto const end = name.find('/');
    bool const last = end == std::string_view::npos;
    std::string const part(name.substr(0, end));
    name = last ? std::string_view() : name.substr(end + 1);
    if (part.empty() || part == "." || part == "..") return {};
    int const how = last ? flags : O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    at = Descriptor(::openat(at.get(), part.c_str(), how | O_NOFOLLOW));
  }
  return at;
}

Descriptor ContainedFolder::Opened::open_as(std::string_view name, int flags, bool links) const {
  if (!root_ || name.empty() || name.find('\0') != std::string_view::npos) return {};
  if (resolver_ == Resolver::walk) return walk(name, flags);
  int const fd = open_beneath(root_.get(), std::string(name).c_str(), flags, links);
  // EPERM is what a filter of system calls says that does not know this one.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return walk(name, flags);
  return Descriptor(fd);
}

Descriptor ContainedFolder::Opened::open(std::string_view name) const {
  return open_as(name, kReadFlags, true);
}

bool ContainedFolder::Opened::has_folder(std::string_view name) const {
  return static_cast<bool>(open_as(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, false));
}

std::vector<ContainedFolder::Opened::Entry> ContainedFolder::Opened::list(std::string_view name,
                                                                          std::size_t most,
                                                                          bool& more) const {
  std::vector<Entry> entries;
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  // The top is opened again: a stream of entries keeps its place in the open file, not in the descriptor.
  Descriptor folder =
      name.empty() && root_ ? Descriptor(::openat(root_.get(), ".", kFlags)) : open_as(name, kFlags, false);
  if (!folder) return entries;
  struct Close {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
  };
  std::unique_ptr<DIR, Close> const stream(::fdopendir(folder.get()));
  if (!stream) return entries;
  folder.release();
  while (auto const* const found = ::readdir(stream.get())) {
    std::string_view const own = found->d_name;
    if (own.starts_with('.')) continue;
    auto type = found->d_type;
    struct stat facts {};
    if (type == DT_UNKNOWN &&
        ::fstatat(::dirfd(stream.get()), found->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0)
      type = S_ISREG(facts.st_mode) ? DT_REG : S_ISDIR(facts.st_mode) ? DT_DIR : DT_LNK;
    if (type != DT_REG && type != DT_DIR) continue;
    if (entries.size() == most) {
      more = true;
      break;
    }
    entries.push_back({std::string(own), type == DT_DIR});
  }
  std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  return entries;
}

}  // namespace weir::fallback
