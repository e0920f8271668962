// MemoryBackup: a BackupSource whose files are in memory, for simulations on virtual time.
//
// Answers by the same names and words as a folder does (backup_question.hpp, backup_index.hpp), after `delay`
// of its loop's time, and with nothing at the end of the time given. One thread.
#pragma once

#include <map>

#include "fallback/backup_file.hpp"
#include "fallback/backup_index.hpp"
#include "fallback/backup_question.hpp"

namespace weir::fallback {

class MemoryBackup final : public BackupSource {
 public:
  void put(std::string name, std::string text, base::WallTime modified);
  void clear();
  base::Duration delay{};  // of the disk
  bool missing = false;    // the folder
  std::uint64_t asked = 0;

  base::Task<std::optional<BackupFile>> find(base::Scheduler& here, core::Call const& call,
                                             base::TimePoint until) override;

 private:
  std::optional<BackupFile> look_up(BackupQuestion const& question) const;
  std::map<std::string, BackupFile> files_;
  BackupIndex index_;
};

}  // namespace weir::fallback
