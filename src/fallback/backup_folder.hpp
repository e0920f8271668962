// BackupFolder: the files of `local_backup_path` as answers, and the one document of
// `fallback_standards_path`.
//
// Owned by app, one per path; any worker may ask. All file access is the file thread's: find() hands it the
// question and waits on the worker's own loop until `until` at most; a disk that takes longer is nothing
// (F-39). Which file answers is written in backup_question.hpp; nothing outside the folder ever does
// (contained_folder.hpp). A folder or file that is missing is nothing, and is found again when it is back.
#pragma once

#include <memory>

#include "fallback/backup_shelf.hpp"

namespace weir::fallback {

class BackupFolder final : public BackupSource {
 public:
  // `thread` outlives this.
  BackupFolder(FileThread& thread, BackupOptions options);
  ~BackupFolder() override { shelf_->hush(); }

  base::Task<std::optional<BackupFile>> find(base::Scheduler& here, core::Call const& call,
                                             base::TimePoint until) override;
  BackupStatus status() const { return shelf_->status(); }

 private:
  FileThread& thread_;
  std::shared_ptr<BackupShelf> const shelf_;
};

// One document for every call: the same text until the file changes, which is seen at the next call. Links
// are followed: the path is the operator's.
class DefaultDocument final : public BackupSource {
 public:
  DefaultDocument(FileThread& thread, std::filesystem::path file);

  base::Task<std::optional<BackupFile>> find(base::Scheduler& here, core::Call const& call,
                                             base::TimePoint until) override;

 private:
  friend struct DefaultQuestion;
  struct Kept;  // the thread's
  FileThread& thread_;
  std::shared_ptr<Kept> const kept_;
};

}  // namespace weir::fallback
