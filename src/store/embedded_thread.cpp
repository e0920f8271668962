// What comes in from other threads, and the thread's round. Its work is in embedded_work.cpp.
#include "store/embedded_thread.hpp"

#include <pthread.h>
#include <signal.h>

namespace weir::store {
namespace {

constexpr std::chrono::milliseconds kGather{10};  // for a batch to grow
constexpr std::chrono::seconds kHousekeeping{1};

// The thread leaves signals to those that expect them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

void StoreQuestion::answer(std::shared_ptr<StoreQuestion> const& question) {
  std::lock_guard const guard(question->lock_);
  if (question->here_ != nullptr) question->here_->post([question] { question->done.set(); });
}

void StoreQuestion::take_back() {
  std::lock_guard const guard(lock_);
  here_ = nullptr;
}

bool StoreQuestion::wanted() {
  std::lock_guard const guard(lock_);
  return here_ != nullptr;
}

EmbeddedThread::EmbeddedThread(EmbeddedOptions options)
    : options_(std::move(options)),
      sealer_(options_.secret),
      folder_(options_.folder),
      puts_(options_.queue_entries, options_.queue_bytes),
      cause_("it is being opened"),
      limits_(options_.limits) {}

void EmbeddedThread::start(std::shared_ptr<EmbeddedThread> const& self) {
  SignalsBlocked const while_starting;
  self->thread_ = std::thread([self] {
    pthread_setname_np(pthread_self(), "weir-store");
    self->run();
  });
}

bool EmbeddedThread::ask(std::shared_ptr<StoreQuestion> question) {
  {
    std::lock_guard const guard(lock_);
    if (stopping_ || questions_.size() >= options_.questions_max) return false;
    questions_.push_back(std::move(question));
  }
  wake_.notify_one();
  return true;
}

void EmbeddedThread::put(Put put) {
  bool tell = false;
  {
    std::lock_guard const guard(lock_);
    if (stopping_) return;
    tell = puts_.empty() || puts_.size() + 1 == EntryFile::kBatchEntries;
    dropped_ += puts_.push(std::move(put));
  }
  if (tell) wake_.notify_one();
}

// The number and the place in the queue are one step, so that no later mark is stored before it.
void EmbeddedThread::invalidate(Selection what, bool gone) {
  std::uint64_t number = 0;
  {
    std::lock_guard const guard(lock_);
    number = book_.add(what, gone);
    if (marks_.size() < MarkBook::kMarksMax) {
      marks_.push_back({std::move(what), number, gone});
    } else {
      all_marks_ = true;
    }
  }
  folder_.announce(number, gone);
  wake_.notify_one();
}

void EmbeddedThread::set_limits(StoreLimits limits) {
  {
    std::lock_guard const guard(lock_);
    new_limits_ = std::move(limits);
  }
  wake_.notify_one();
}

bool EmbeddedThread::settle(base::Duration patience) {
  std::unique_lock guard(lock_);
  auto const ticket = ++tickets_;
  wake_.notify_one();
  return settled_.wait_for(guard, patience, [&] { return tickets_done_ >= ticket || ended_; });
}

// A thread that the disk holds is left to itself: it has a share of all that it needs, and the log hears no
// more of it.
void EmbeddedThread::stop(base::Duration patience) {
  std::unique_lock guard(lock_);
  stopping_ = true;
  wake_.notify_one();
  if (!thread_.joinable()) return;
  bool const ended = settled_.wait_for(guard, patience, [&] { return ended_; });
  abandoned_ = true;
  guard.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

StoreStatus EmbeddedThread::status() const {
  StoreStatus status;
  status.kind = "embedded";
  {
    std::lock_guard const guard(lock_);
    status.ready = ready_;
    status.cause = cause_;
  }
  status.entries = entries_;
  status.bytes = bytes_;
  status.hits = hits_;
  status.misses = misses_;
  status.writes = writes_;
  status.writes_dropped = dropped_;
  status.failures = failures_;
  status.rejected = rejected_;
  status.evictions = evictions_;
  status.rebuilt = rebuilt_;
  return status;
}

bool EmbeddedThread::urgent() const {
  return stopping_ || !questions_.empty() || new_limits_ || tickets_ > tickets_done_ ||
         (writing_ && (all_marks_ || !marks_.empty()));
}

void EmbeddedThread::wait_for_work(std::unique_lock<std::mutex>& guard) {
  bool const called =
      wake_.wait_for(guard, kHousekeeping, [this] { return urgent() || (writing_ && !puts_.empty()); });
  if (!called) sweeping_ = true;
  auto const enough = [this] { return urgent() || puts_.size() >= EntryFile::kBatchEntries; };
  if (called) wake_.wait_for(guard, kGather, enough);
}

void EmbeddedThread::run() {
  std::unique_lock guard(lock_);
  while (!stopping_) {
    auto const ticket = tickets_;
    bool const asked = ticket > tickets_done_;
    guard.unlock();
    if (asked) sweeping_ = true;
    while (step()) {
    }
    guard.lock();
    tickets_done_ = ticket;
    settled_.notify_all();
    if (!stopping_) wait_for_work(guard);
  }
  guard.unlock();
  drain();
  guard.lock();
  ended_ = true;
  ready_ = false;
  cause_ = "it has ended";
  settled_.notify_all();
}

}  // namespace weir::store
