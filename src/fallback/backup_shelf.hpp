// BackupShelf: one backup folder as the file thread sees it: its index, kept up to date, and look-ups.
//
// Shared by BackupFolder and the thread; all but status() and hush() is the
// thread's. The index is built in small steps
// at the start and again kEvery after the last time, or sooner when a look-up sees that the folder itself has
// changed; files that did not change are not read again. Bounds: kFilesMax files, kBytesMax bytes read for
// it, kPartsMax folders deep, files of BackupFile::kBytesMax; what is over them is left out, counted and said
// once. Hidden files and links are left out, too. A folder that is not there holds nothing until it is.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "fallback/backup_file.hpp"
#include "fallback/backup_index.hpp"
#include "fallback/backup_question.hpp"
#include "fallback/file_thread.hpp"

namespace weir::fallback {

struct BackupStatus {
  bool present = false;          // the folder, when it was last looked at
  std::uint64_t files = 0;       // in the index
  std::uint64_t left_out = 0;    // files wholly or in part, and folders not entered
  std::uint64_t bytes = 0;       // of the texts in the index
  std::uint64_t scans = 0;       // since the start
  std::uint64_t files_read = 0;  // for scans since the start
};

struct BackupOptions {
  explicit BackupOptions(std::filesystem::path where) : folder(std::move(where)) {}
  std::filesystem::path folder;
  std::size_t files_max = BackupIndex::kFilesMax;
  std::size_t bytes_max = 64 << 20;
  base::Duration every = std::chrono::seconds{60};
  // An id and one line for the log, when something changes: `backup.missing`, `backup.present`,
  // `backup.left_out`. Called by the thread, not after the BackupFolder has died.
  std::function<void(std::string_view event, std::string_view text)> log;
};

class BackupShelf final : public FileChore {
 public:
  explicit BackupShelf(BackupOptions options) : options_(std::move(options)), folder_(options_.folder) {}

  BackupStatus status() const;  // any thread
  void hush();                  // any thread: from now on nothing is said

  base::TimePoint due() const override { return due_; }
  void step(base::TimePoint now) override;

  // `question` is given up as soon as `wanted` says false.
  std::optional<BackupFile> look_up(BackupQuestion const& question, std::function<bool()> const& wanted);

 private:
  using FilePointer = std::shared_ptr<IndexedFile const>;
  struct Scan {
    ContainedFolder::Opened folder;
    std::vector<std::string> folders;  // still to be listed, the next one last
    std::deque<std::string> files;     // still to be looked at
    std::map<std::string_view, FilePointer> before;
    std::vector<FilePointer> found;
    std::uint64_t bytes = 0;
    std::size_t words = 0;
    std::uint64_t left_out = 0;
    bool changed = false;
  };

  void begin(base::TimePoint now);
  void list_next();
  std::uint64_t take_next();  // bytes read
  void finish(base::TimePoint now);
  void see(bool present);
  void say(std::string_view event, std::string_view text);
  std::optional<BackupFile> read(ContainedFolder::Opened const& folder, std::string const& name) const;

  BackupOptions const options_;
  std::mutex log_lock_;
  bool hushed_ = false;
  ContainedFolder const folder_;
  BackupIndex index_;
  FileFacts top_;  // of the folder when the last scan began
  std::unique_ptr<Scan> scan_;
  base::TimePoint due_{};
  base::TimePoint begun_{};
  bool touched_ = false;
  bool known_ = false;  // whether it is there has been said
  std::uint64_t said_left_out_ = 0;

  std::atomic<bool> present_{false};
  std::atomic<std::uint64_t> files_{0}, left_out_{0}, bytes_{0}, scans_{0}, files_read_{0};
};

}  // namespace weir::fallback
