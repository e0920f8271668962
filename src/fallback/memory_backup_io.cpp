#include <algorithm>

#include "fallback/memory_backup.hpp"

namespace weir::fallback {

void MemoryBackup::put(std::string name, std::string text, base::WallTime modified) {
  BackupFile file;
  file.name = name;
  file.mime = mime_of(name, text);
  file.text = std::move(text);
  file.modified = modified;
  files_.insert_or_assign(std::move(name), std::move(file));
  std::vector<std::shared_ptr<IndexedFile const>> all;
  for (auto const& [known, kept] : files_)
    all.push_back(
        std::make_shared<IndexedFile const>(index_file(known, {}, kept.text, BackupIndex::kWordsMax)));
  index_ = BackupIndex(std::move(all));
}

void MemoryBackup::clear() {
  files_.clear();
  index_ = BackupIndex();
}

std::optional<BackupFile> MemoryBackup::look_up(BackupQuestion const& question) const {
  if (missing) return std::nullopt;
  for (auto const& name : question.names)
    if (auto const found = files_.find(name); found != files_.end()) return found->second;
  auto const inside = question.tool + "/";
  auto const first = files_.lower_bound(inside);
  bool const own = !question.tool.empty() && first != files_.end() && first->first.starts_with(inside);
  auto const best = index_.best(question.words, own ? question.tool : std::string_view(), 1);
  return best.empty() ? std::nullopt : std::optional(files_.at(best.front()));
}

base::Task<std::optional<BackupFile>> MemoryBackup::find(base::Scheduler& here, core::Call const& call,
                                                         base::TimePoint until) {
  ++asked;
  auto const question = question_of(call);
  std::optional<BackupFile> found;
  if (until <= here.now()) co_return found;
  auto const ready = here.now() + delay;
  if (delay > base::Duration::zero()) co_await here.sleep_until(std::min(ready, until));
  if (ready < until) found = look_up(question);
  co_return found;
}

}  // namespace weir::fallback
