#include "fallback/backup_shelf.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fallback/backup_path.hpp"

namespace weir::fallback {
namespace {

constexpr base::Duration kMissingAgain = std::chrono::seconds{5};
constexpr base::Duration kTouchedAgain = std::chrono::seconds{1};
constexpr std::size_t kNamesOfFolderMax = 100'000;  // sorted before any is left out
constexpr std::size_t kTriesMax = 8;                // files that fit, should the best one have gone
constexpr std::size_t kFilesOfStep = 32;            // and
constexpr std::uint64_t kBytesOfStep = 1 << 18;     // whichever comes first

}  // namespace

BackupStatus BackupShelf::status() const {
  return {present_, files_, left_out_, bytes_, scans_, files_read_};
}

void BackupShelf::hush() {
  std::lock_guard const guard(log_lock_);
  hushed_ = true;
}

void BackupShelf::say(std::string_view event, std::string_view text) {
  std::lock_guard const guard(log_lock_);
  if (!hushed_ && options_.log) options_.log(event, text);
}

void BackupShelf::see(bool present) {
  bool const news = !known_ || present_ != present;
  known_ = true;
  present_ = present;
  if (!news) return;
  if (present) {
    say("backup.present", fmt::format("the backup folder {} is there", options_.folder.string()));
  } else {
    say("backup.missing",
        fmt::format("the backup folder {} is not there or may not be read; it stands in for nothing "
                    "until it is back",
                    options_.folder.string()));
  }
}

void BackupShelf::step(base::TimePoint now) {
  if (!scan_) return begin(now);
  if (!scan_->files.empty()) {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < kFilesOfStep && bytes < kBytesOfStep && !scan_->files.empty(); ++i)
      bytes += take_next();
  } else if (!scan_->folders.empty()) {
    list_next();
  } else {
    finish(now);
  }
}

void BackupShelf::begin(base::TimePoint now) {
  auto scan = std::make_unique<Scan>();
  scan->folder = folder_.enter();
  begun_ = now;
  touched_ = false;
  see(static_cast<bool>(scan->folder));
  if (!scan->folder) {
    index_ = BackupIndex();
    files_ = left_out_ = bytes_ = 0;
    due_ = now + std::min(kMissingAgain, options_.every);
    return;
  }
  top_ = scan->folder.facts();
  for (auto const& file : index_.files()) scan->before.emplace(file->name, file);
  scan->folders.emplace_back();
  scan_ = std::move(scan);
}

void BackupShelf::list_next() {
  auto& scan = *scan_;
  auto const folder = std::move(scan.folders.back());
  scan.folders.pop_back();
  bool more = false;
  auto const entries = scan.folder.list(folder, kNamesOfFolderMax, more);
  if (more) ++scan.left_out;
  std::vector<std::string> below;
  for (auto const& entry : entries) {
    auto name = folder.empty() ? entry.name : folder + "/" + entry.name;
    // What no caller could name is not found by words either.
    auto const depth = parts_of_value(name).size();
    bool const full = scan.found.size() + scan.files.size() >= options_.files_max;
    if (depth == 0 || full || (entry.folder && depth == kPartsMax)) {
      ++scan.left_out;
    } else if (entry.folder) {
      below.push_back(std::move(name));
    } else {
      scan.files.push_back(std::move(name));
    }
  }
  // As many folders at most as files, however they are nested.
  std::size_t const room = options_.files_max - std::min(options_.files_max, scan.folders.size());
  if (below.size() > room) {
    scan.left_out += below.size() - room;
    below.resize(room);
  }
  std::move(below.rbegin(), below.rend(), std::back_inserter(scan.folders));
}

std::uint64_t BackupShelf::take_next() {
  auto& scan = *scan_;
  auto name = std::move(scan.files.front());
  scan.files.pop_front();
  auto const file = scan.folder.open(name);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return 0;  // gone since
  auto const facts = facts_of(status);
  if (facts.bytes > BackupFile::kBytesMax) {
    ++scan.left_out;
    return 0;
  }
  auto const known = scan.before.find(name);
  bool const fits = scan.bytes + facts.bytes <= options_.bytes_max && scan.words < BackupIndex::kWordsMax;
  auto const words_left = BackupIndex::kWordsMax - scan.words;
  FilePointer found;
  std::uint64_t read_bytes = 0;
  if (known != scan.before.end() && known->second->facts == facts && fits &&
      known->second->reusable(words_left)) {
    found = known->second;
  } else {
    auto const read = fits ? read_regular(file, BackupFile::kBytesMax) : std::nullopt;
    if (fits && !read) return 0;
    auto indexed =
        index_file(std::move(name), read ? read->facts : facts, read ? read->text : "", words_left);
    if (!read) indexed.whole = false;
    read_bytes = read ? read->text.size() : 0;
    files_read_ += read ? 1 : 0;
    found = std::make_shared<IndexedFile const>(std::move(indexed));
    scan.changed = true;
  }
  if (fits) scan.bytes += found->facts.bytes;
  if (!found->whole) ++scan.left_out;
  scan.words += found->words.size() + found->name_words.size();
  scan.found.push_back(std::move(found));
  return read_bytes;
}

void BackupShelf::finish(base::TimePoint now) {
  auto const scan = std::move(scan_);
  bytes_ = scan->bytes;
  left_out_ = scan->left_out;
  if (scan->changed || scan->found.size() != index_.files().size())
    index_ = BackupIndex(std::move(scan->found));
  files_ = index_.files().size();
  ++scans_;
  due_ = touched_ ? now + kTouchedAgain : now + options_.every;
  if (scan->left_out > said_left_out_) {
    say("backup.left_out",
        fmt::format("a search in {} passes over {} files or parts of files: at most {} files of 1 MiB, "
                    "{} MiB of text in all, {} words of a file",
                    options_.folder.string(), scan->left_out, options_.files_max, options_.bytes_max >> 20,
                    BackupIndex::kWordsOfFileMax));
  }
  said_left_out_ = scan->left_out;
}

std::optional<BackupFile> BackupShelf::read(ContainedFolder::Opened const& folder,
                                            std::string const& name) const {
  auto const file = folder.open(name);
  auto found = file ? read_regular(file, BackupFile::kBytesMax) : std::nullopt;
  if (!found) return std::nullopt;
  BackupFile backup;
  backup.mime = mime_of(name, found->text);
  backup.name = name;
  backup.text = std::move(found->text);
  backup.modified = found->facts.modified();
  return backup;
}

std::optional<BackupFile> BackupShelf::look_up(BackupQuestion const& question,
                                               std::function<bool()> const& wanted) {
  auto const folder = folder_.enter();
  if (static_cast<bool>(folder) != present_ && !scan_) due_ = base::TimePoint{};  // gone, or back again
  if (!folder) return std::nullopt;
  if (present_ && !(folder.facts() == top_)) {
    touched_ = true;
    if (!scan_) due_ = std::min(due_, begun_ + kTouchedAgain);
  }
  for (auto const& name : question.names) {
    if (!wanted()) return std::nullopt;
    if (auto found = read(folder, name)) return found;
  }
  if (question.words.empty()) return std::nullopt;
  bool const own = !question.tool.empty() && folder.has_folder(question.tool);
  for (auto const& name : index_.best(question.words, own ? question.tool : std::string_view(), kTriesMax)) {
    if (!wanted()) return std::nullopt;
    if (auto found = read(folder, name)) return found;
  }
  return std::nullopt;
}

}  // namespace weir::fallback
