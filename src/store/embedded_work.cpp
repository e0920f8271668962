// The work of the store's thread: opening, answering, writing, housekeeping.
#include <fmt/format.h>

#include "store/embedded_thread.hpp"

namespace weir::store {
namespace {

constexpr base::Duration kPatienceMin = std::chrono::seconds{1};
constexpr base::Duration kPatienceMax = std::chrono::seconds{60};
constexpr std::size_t kSweepRows = 64;
constexpr std::size_t kCountRows = 2'000;
constexpr unsigned kRenewalsMax = 3;  // at once; then as for a disk that refuses

}  // namespace

void EmbeddedThread::say(std::string_view event, std::string_view text) {
  {
    std::lock_guard const guard(lock_);
    if (stopping_) return;
  }
  if (options_.log) options_.log(event, text);
}

void EmbeddedThread::show(bool ready, std::string cause) {
  bool changed = false;
  {
    std::lock_guard const guard(lock_);
    changed = ready != ready_ || (!ready && cause != cause_);
    ready_ = ready;
    cause_ = std::move(cause);
  }
  if (!changed) return;
  say(ready ? "store.ready" : "store.unavailable", ready ? "the store is in use" : status().cause);
}

void EmbeddedThread::back_off() {
  patience_ = std::clamp(2 * patience_, kPatienceMin, kPatienceMax);
  retry_at_ = options_.clock.now() + patience_;
}

// A file that cannot be used any more: away with it, and on at once with a new one.
void EmbeddedThread::renew(bool keep) {
  auto const why = file_->why();
  file_.reset();
  folder_.clear(keep);
  ++rebuilt_;
  say("store.rebuilt",
      fmt::format("{}; it was {} and begun afresh", why, keep ? "moved to answers.bad-1" : "removed"));
}

// The sequence of the file and ours become one. Marks of this process that are older than that apply to what
// earlier ones kept: they are made again, above all numbers that the file knows.
void EmbeddedThread::adopt(EntryFile& file) {
  std::unique_lock guard(lock_);
  bool distrusted = false;
  if (!adopted_) {
    auto const own = book_.marks();
    std::uint64_t last = 0;
    for (auto& mark : file.take_marks()) {
      last = std::max(last, mark.number);
      book_.put(std::move(mark));
    }
    auto const& announced = folder_.announced();
    distrusted = announced.last > last;
    if (distrusted) book_.put({{}, announced.last, announced.last_gone > last});
    for (auto const& mark : own) book_.add(mark.what, mark.gone);
    if (!own.empty()) folder_.announce(book_.latest(), true);
    adopted_ = true;
  }
  marks_.clear();
  all_marks_ = true;
  guard.unlock();
  if (distrusted)
    say("store.distrusted", "an invalidation was not stored in time: everything is invalidated");
}

void EmbeddedThread::open_if_due() {
  if (file_ || options_.clock.now() < retry_at_) return;
  auto refused = folder_.enter();
  for (int attempt = 0; refused.empty() && attempt < 2; ++attempt) {
    file_.emplace(folder_.file().string(), options_.vfs, options_.secret, sealer_);
    auto const fault = file_->open(limits_);
    if (fault == FileFault::none) {
      adopt(*file_);
      shrinking_ = true;
      show(true, {});
      return;
    }
    refused = file_->why();
    if (fault != FileFault::damaged) break;
    renew(!file_->other_secret());
    if (attempt == 0) refused.clear();
  }
  file_.reset();
  ++failures_;
  back_off();
  show(false, std::move(refused));
}

bool EmbeddedThread::handle(FileFault fault) {
  if (fault == FileFault::none) return true;
  ++failures_;
  if (fault == FileFault::damaged) {
    renew(true);
    if (++renewals_ > kRenewalsMax) back_off();
    return false;
  }
  auto why = file_->why();
  back_off();
  if (fault == FileFault::full) {
    write_at_ = retry_at_;  // reading goes on
    std::lock_guard const guard(lock_);
    all_marks_ = true;
  } else {
    file_.reset();
  }
  show(false, std::move(why));
  return false;
}

void EmbeddedThread::answer_questions() {
  std::deque<std::shared_ptr<StoreQuestion>> questions;
  {
    std::lock_guard const guard(lock_);
    questions.swap(questions_);
  }
  for (auto const& question : questions) {
    if (!question->wanted()) continue;
    if (file_ && question->count) {
      counts_.emplace_back(question, file_->count_of(*question->count, book_.marks(), options_.clock.wall()));
      continue;
    }
    if (file_) look_up(*question);
    StoreQuestion::answer(question);
  }
}

void EmbeddedThread::look_up(StoreQuestion& question) {
  auto reading = file_->find(question.key, options_.clock.wall());
  rejected_ += reading.rejected;
  if (!handle(reading.fault) || !reading.answer) return;
  auto const verdict = book_.judge(question.key.labels, reading.answer->born);
  if (verdict == Verdict::gone) return;
  question.found = Found{*std::move(reading.answer), verdict == Verdict::outdated};
}

bool EmbeddedThread::count_step() {
  auto& [question, count] = counts_.front();
  bool more = false;
  bool const counted = question->wanted() && handle(file_->count(count, kCountRows, more));
  if (counted && more) return true;
  if (counted) question->number = count.found;
  StoreQuestion::answer(question);
  counts_.pop_front();
  return true;
}

// Marks are taken together with the answers that were put before or after them: what is stored is never newer
// than a mark that is not.
bool EmbeddedThread::write_batch() {
  std::vector<Mark> marks;
  std::vector<Put> puts;
  bool all = false;
  {
    std::lock_guard const guard(lock_);
    marks.swap(marks_);
    puts = puts_.take(EntryFile::kBatchEntries, EntryFile::kBatchBytes);
    all = std::exchange(all_marks_, false);
    if (all || (file_->too_many_marks())) {
      all = true;
      marks = book_.marks();
    }
  }
  if (marks.empty() && puts.empty() && !all) return false;
  EntryFile::Written written;
  auto fault = all ? file_->replace_marks(marks) : FileFault::none;
  if (fault == FileFault::none && (!puts.empty() || !all)) {
    fault = file_->write(all ? std::vector<Mark>{} : marks, puts, written);
  }
  writes_ += written.entries;
  evictions_ += written.evicted;
  dropped_ += fault == FileFault::none ? written.refused : puts.size();
  if (handle(fault) && write_at_ != base::TimePoint{}) {
    write_at_ = {};
    show(true, {});
  }
  if (fault == FileFault::none) patience_ = {};
  if (written.entries > 0) renewals_ = 0;
  return true;
}

// One small piece, so that questions are never far away. True: it did something.
bool EmbeddedThread::work_step() {
  bool const may_write = options_.clock.now() >= write_at_;
  if (shrinking_ && may_write) {
    std::uint64_t evicted = 0;
    handle(file_->shrink(shrinking_, evicted));
    evictions_ += evicted;
    return true;
  }
  if (may_write && write_batch()) return true;
  if (sweeping_ && may_write) {
    sweeping_ = false;
    handle(file_->sweep(options_.clock.wall(), kSweepRows, sweeping_));
    return true;
  }
  if (!counts_.empty()) return count_step();
  handle(file_->checkpoint(true));
  return false;
}

bool EmbeddedThread::step() {
  bool bounded = true;
  {
    std::lock_guard const guard(lock_);
    if (stopping_) return false;
    if (new_limits_) {
      limits_ = *std::exchange(new_limits_, std::nullopt);
      bounded = false;
    }
  }
  open_if_due();
  if (file_ && !bounded) {
    shrinking_ = true;
    handle(file_->set_limits(limits_));
  }
  answer_questions();
  bool more = file_ && work_step();
  if (!file_) {
    for (auto const& [question, count] : std::exchange(counts_, {})) StoreQuestion::answer(question);
    more = options_.clock.now() >= retry_at_;
  }
  entries_ = file_ ? file_->entries() : 0;
  bytes_ = folder_.bytes();
  std::lock_guard const guard(lock_);
  writing_ = file_ && options_.clock.now() >= write_at_;
  return more;
}

// The end: what is queued, as far as somebody waits for it. Asks neither the clock nor the log.
void EmbeddedThread::drain() {
  for (auto const& question : questions_) StoreQuestion::answer(question);
  for (auto const& [question, count] : counts_) StoreQuestion::answer(question);
  while (file_) {
    std::vector<Mark> marks;
    std::vector<Put> puts;
    bool all = false;
    {
      std::lock_guard const guard(lock_);
      if (abandoned_) break;
      all = std::exchange(all_marks_, false);
      marks = all ? book_.marks() : std::exchange(marks_, {});
      puts = puts_.take(EntryFile::kBatchEntries, EntryFile::kBatchBytes);
    }
    if (marks.empty() && puts.empty()) break;
    EntryFile::Written written;
    auto fault = all ? file_->replace_marks(marks) : FileFault::none;
    if (fault == FileFault::none) fault = file_->write(all ? std::vector<Mark>{} : marks, puts, written);
    if (fault != FileFault::none) break;
    writes_ += written.entries;
  }
  file_.reset();
}

}  // namespace weir::store
