// ContainedFolder: files below one folder, and nothing outside it, whatever the names say.
//
// Used by the file thread: every call may block on the disk. The folder is opened anew each time, so that one
// that was missing or replaced is found again. Names go to the kernel with openat2 and RESOLVE_BENEATH: links
// may lead about inside, `..` and absolute targets that leave the folder do not open. A kernel without it, or
// one that forbids it: each part is opened by itself and links are not followed at all. Only regular files of
// at most `bytes_max` are read; a pipe or device is neither waited for nor touched. Owns no descriptor
// between calls except in an Opened.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace weir::fallback {

class Descriptor {  // closes what it holds
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct FileFacts {  // two that compare equal: the file has not changed
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::int64_t changed_ns = 0;   // likewise, by the kernel alone
  std::uint64_t bytes = 0;
  bool operator==(FileFacts const&) const = default;

  base::WallTime modified() const noexcept {
    return base::WallTime{
        std::chrono::duration_cast<base::WallTime::duration>(std::chrono::nanoseconds{modified_ns})};
  }
};
FileFacts facts_of(struct stat const& found) noexcept;

struct ReadFile {
  std::string text;
  FileFacts facts;
};

// A regular file that is open, up to `bytes_max`; nothing for anything else, or if it grows while it is read.
std::optional<ReadFile> read_regular(Descriptor const& file, std::size_t bytes_max);
// By its own path, as an operator names it.
Descriptor open_for_reading(std::filesystem::path const& file) noexcept;

class ContainedFolder {
 public:
  enum class Resolver { kernel, walk };  // `walk` is for kernels without openat2, and for tests

  explicit ContainedFolder(std::filesystem::path folder, Resolver resolver = Resolver::kernel)
      : folder_(std::move(folder)), resolver_(resolver) {}

  class Opened {
   public:
    explicit operator bool() const noexcept { return static_cast<bool>(root_); }
    FileFacts const& facts() const noexcept { return facts_; }
    // `name` is relative. An empty Descriptor: there is no such file inside.
    Descriptor open(std::string_view name) const;
    bool has_folder(std::string_view name) const;

    struct Entry {
      std::string name;
      bool folder = false;
    };
    // Files and folders in the folder `name` ("" is the top), sorted by name; links, hidden and other things
    // are left out, as is what comes after `most`: then `more` is set.
    std::vector<Entry> list(std::string_view name, std::size_t most, bool& more) const;

   private:
    friend class ContainedFolder;
    Descriptor open_as(std::string_view name, int flags, bool links) const;
    Descriptor walk(std::string_view name, int flags) const;
    Descriptor root_;
    FileFacts facts_;
    Resolver resolver_ = Resolver::kernel;
  };
  Opened enter() const;  // false: the folder is not there now

 private:
  std::filesystem::path folder_;
  Resolver resolver_;
};

}  // namespace weir::fallback
