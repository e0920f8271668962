// EmbeddedThread: the embedded store's thread, and what is on its way to it.
//
// Shared by the store and the thread; the last to let go destroys it, so that a disk that hangs delays
// nobody's end. Public functions may be called by any thread; one short lock, never held while the disk is
// asked. `step` and what is below it belong to the thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/sync.hpp"
#include "store/embedded_store.hpp"
#include "store/entry_file.hpp"
#include "store/store_folder.hpp"

namespace weir::store {

// What a coroutine asks. It takes itself back when it is dropped; the lock keeps its loop alive until then.
struct StoreQuestion {
  explicit StoreQuestion(base::Scheduler& here) : done(here), here_(&here) {}

  // By the thread: the answer is in place. By the asker: it is not wanted any more.
  static void answer(std::shared_ptr<StoreQuestion> const& question);
  void take_back();
  bool wanted();

  StoreKey key;
  std::optional<Selection> count;  // then it is this that is asked
  std::optional<Found> found;      // the thread's until `done`
  std::optional<std::uint64_t> number;
  base::Event done;  // the asker's

 private:
  std::mutex lock_;
  base::Scheduler* here_;
};

class EmbeddedThread {
 public:
  explicit EmbeddedThread(EmbeddedOptions options);

  static void start(std::shared_ptr<EmbeddedThread> const& self);
  bool ask(std::shared_ptr<StoreQuestion> question);  // false: too many are waiting
  void put(Put put);
  void invalidate(Selection what, bool gone);
  void set_limits(StoreLimits limits);
  bool settle(base::Duration patience);
  void stop(base::Duration patience);
  StoreStatus status() const;
  std::uint64_t sequence() const noexcept { return book_.latest(); }
  void count_hit(bool hit) noexcept { ++(hit ? hits_ : misses_); }
  void count_late() noexcept { ++failures_; }

 private:
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& guard);
  bool urgent() const;  // the lock is held
  void drain();

  bool step();  // true: there is more to do
  void answer_questions();
  void look_up(StoreQuestion& question);
  void open_if_due();
  void adopt(EntryFile& file);
  bool work_step();
  bool write_batch();
  bool count_step();
  bool handle(FileFault fault);  // true: none
  void renew(bool keep);
  void back_off();
  void show(bool ready, std::string cause);
  void say(std::string_view event, std::string_view text);

  EmbeddedOptions const options_;
  RecordSealer const sealer_;
  StoreFolder folder_;
  MarkBook book_;

  mutable std::mutex lock_;  // of what follows
  std::condition_variable wake_;
  std::condition_variable settled_;
  std::deque<std::shared_ptr<StoreQuestion>> questions_;
  PutQueue puts_;
  std::vector<Mark> marks_;
  bool all_marks_ = false;  // the book's have to be stored afresh
  std::optional<StoreLimits> new_limits_;
  std::uint64_t tickets_ = 0;
  std::uint64_t tickets_done_ = 0;
  bool writing_ = false;  // not waiting for the disk to come back
  bool stopping_ = false;
  bool abandoned_ = false;  // nobody waits for the end any more
  bool ended_ = false;
  bool ready_ = false;
  std::string cause_;

  std::atomic<std::uint64_t> entries_{0}, bytes_{0}, hits_{0}, misses_{0}, writes_{0}, dropped_{0},
      failures_{0}, rejected_{0}, evictions_{0}, rebuilt_{0};

  // The thread's.
  StoreLimits limits_;
  std::optional<EntryFile> file_;
  bool adopted_ = false;  // the marks of earlier processes
  bool shrinking_ = false;
  bool sweeping_ = false;
  unsigned renewals_ = 0;  // since an answer was written
  std::deque<std::pair<std::shared_ptr<StoreQuestion>, RowCount>> counts_;
  base::TimePoint retry_at_{};
  base::TimePoint write_at_{};  // not earlier: the disk is full
  base::Duration patience_{};

  std::thread thread_;  // the store's
};

}  // namespace weir::store
