#include "base/ready_until.hpp"
#include "fallback/backup_folder.hpp"

namespace weir::fallback {
namespace {

class FolderQuestion final : public FileQuestion {
 public:
  FolderQuestion(base::Scheduler& here, std::shared_ptr<BackupShelf> shelf, BackupQuestion asked)
      : FileQuestion(here), shelf_(std::move(shelf)), asked_(std::move(asked)) {}
  std::optional<BackupFile> found;  // the thread's until `done`

 private:
  void perform() override {
    found = shelf_->look_up(asked_, [this] { return wanted(); });
  }
  std::shared_ptr<BackupShelf> const shelf_;
  BackupQuestion const asked_;
};

template <class Question>
base::Task<std::optional<BackupFile>> answer_of(FileThread& thread, base::Scheduler& here,
                                                std::shared_ptr<Question> question, base::TimePoint until) {
  Asked<Question> const asked(std::move(question));
  std::optional<BackupFile> found;
  if (until <= here.now() || !thread.ask(asked.question)) co_return found;
  if (co_await base::ready_until(here, asked.question->done, until)) found = std::move(asked.question->found);
  co_return found;
}

}  // namespace

BackupFolder::BackupFolder(FileThread& thread, BackupOptions options)
    : thread_(thread), shelf_(std::make_shared<BackupShelf>(std::move(options))) {
  thread_.tend(shelf_);
}

base::Task<std::optional<BackupFile>> BackupFolder::find(base::Scheduler& here, core::Call const& call,
                                                         base::TimePoint until) {
  auto asked = question_of(call);
  if (asked.empty()) co_return std::nullopt;
  auto question = std::make_shared<FolderQuestion>(here, shelf_, std::move(asked));
  co_return co_await answer_of(thread_, here, std::move(question), until);
}

struct DefaultDocument::Kept {
  explicit Kept(std::filesystem::path where) : path(std::move(where)) {}
  std::filesystem::path const path;
  FileFacts facts;
  std::optional<BackupFile> file;

  void refresh() {
    auto const opened = open_for_reading(path);
    struct stat status {};
    bool const there = opened && ::fstat(opened.get(), &status) == 0;
    if (there && file && facts_of(status) == facts) return;
    auto read = there ? read_regular(opened, BackupFile::kBytesMax) : std::nullopt;
    file.reset();
    if (!read) return;
    facts = read->facts;
    file.emplace();
    file->name = path.filename().string();
    file->mime = mime_of(file->name, read->text);
    file->text = std::move(read->text);
    file->modified = facts.modified();
  }
};

struct DefaultQuestion final : FileQuestion {
  DefaultQuestion(base::Scheduler& here, std::shared_ptr<DefaultDocument::Kept> of)
      : FileQuestion(here), kept(std::move(of)) {}
  void perform() override {
    kept->refresh();
    found = kept->file;
  }
  std::shared_ptr<DefaultDocument::Kept> const kept;
  std::optional<BackupFile> found;  // the thread's until `done`
};

DefaultDocument::DefaultDocument(FileThread& thread, std::filesystem::path file)
    : thread_(thread), kept_(std::make_shared<Kept>(std::move(file))) {}

base::Task<std::optional<BackupFile>> DefaultDocument::find(base::Scheduler& here, core::Call const&,
                                                            base::TimePoint until) {
  return answer_of(thread_, here, std::make_shared<DefaultQuestion>(here, kept_), until);
}

}  // namespace weir::fallback
