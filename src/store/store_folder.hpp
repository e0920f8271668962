// StoreFolder: the folder of the embedded store: whose it is, what lies in it, and the last mark's number.
//
// Owned by the store. One process has it at a time, by a lock that its end releases however it ends.
// `announce()` may be called by any thread at once: one small write into the page cache, no lock, no wait for
// a disk. What was announced survives the end of the process (kill -9), though not of the machine; so the
// next start knows of marks whose turn to be stored never came. Blocks on the disk otherwise. At most one
// unusable file is kept, under `answers.bad-1`.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

namespace weir::store {

class StoreFolder {
 public:
  explicit StoreFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~StoreFolder();
  StoreFolder(StoreFolder const&) = delete;
  StoreFolder& operator=(StoreFolder const&) = delete;

  // Makes it if need be and takes it, until the end of this object. "": it is ours; else one line: why not,
  // and what to do.
  std::string enter();
  bool entered() const noexcept { return lock_.load() >= 0; }

  std::filesystem::path const& path() const noexcept { return folder_; }
  std::filesystem::path file() const { return folder_ / "answers.db"; }
  std::uint64_t bytes() const noexcept;  // of the database and its journal

  void announce(std::uint64_t number, bool gone) const noexcept;
  struct Announced {
    std::uint64_t last = 0;
    std::uint64_t last_gone = 0;
  };
  Announced const& announced() const noexcept { return announced_; }  // by those who were here before

  // Away with the database. `keep`: as answers.bad-1, for those who want to know why.
  void clear(bool keep) const;

 private:
  std::string take(int fd);
  std::filesystem::path folder_;
  std::atomic<int> lock_{-1};
  Announced announced_;
};

}  // namespace weir::store
