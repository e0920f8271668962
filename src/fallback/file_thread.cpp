#include "fallback/file_thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>

namespace weir::fallback {
namespace {

constexpr std::size_t kQuestionsInARow = 64;      // then a step of each chore
constexpr std::chrono::seconds kLongestWait{60};  // chores may have virtual clocks

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

bool FileQuestion::wanted() {
  std::lock_guard const guard(lock_);
  return here_ != nullptr;
}

void FileQuestion::take_back() {
  std::lock_guard const guard(lock_);
  here_ = nullptr;
}

void FileQuestion::answer(std::shared_ptr<FileQuestion> const& question) {
  if (!question->wanted()) return;
  question->perform();
  std::lock_guard const guard(question->lock_);
  if (question->here_ != nullptr) question->here_->post([question] { question->done.set(); });
}

struct FileThread::State {
  State(base::Clock const& time, Options limits) : clock(time), options(limits) {}

  base::Clock const& clock;
  Options const options;
  std::mutex lock;  // of what follows
  std::condition_variable wake;
  std::condition_variable settled;
  std::deque<std::shared_ptr<FileQuestion>> questions;
  std::vector<std::weak_ptr<FileChore>> chores;
  std::uint64_t tickets = 0;
  std::uint64_t tickets_done = 0;
  bool chores_changed = false;
  std::atomic<bool> stopping{false};  // written under the lock
  bool ended = false;
  std::thread thread;  // the owner's

  void start(std::shared_ptr<State> const& self) {  // the lock is held
    if (thread.joinable()) return;
    SignalsBlocked const while_starting;
    thread = std::thread([self] {
      pthread_setname_np(pthread_self(), "weir-files");
      self->run();
    });
  }

  void answer_some(std::unique_lock<std::mutex>& guard) {
    for (std::size_t i = 0; i < kQuestionsInARow && !questions.empty() && !stopping; ++i) {
      auto const question = std::move(questions.front());
      questions.pop_front();
      guard.unlock();
      FileQuestion::answer(question);
      guard.lock();
    }
  }

  // One step of each chore that is due; returns when the next is.
  base::TimePoint tend_chores(std::unique_lock<std::mutex>& guard) {
    chores_changed = false;
    std::erase_if(chores, [](auto const& chore) { return chore.expired(); });
    auto const now_tended = chores;
    guard.unlock();
    auto next = base::TimePoint::max();
    for (auto const& weak : now_tended) {
      auto const chore = weak.lock();
      if (stopping) break;  // a disk may have held the last one: whatever its owner lent may be gone
      if (!chore) continue;
      auto const now = clock.now();
      if (chore->due() <= now) chore->step(now);
      next = std::min(next, chore->due());
    }
    guard.lock();
    return next;
  }

  void run() {
    std::unique_lock guard(lock);
    while (!stopping) {
      auto const ticket = tickets;
      answer_some(guard);
      if (stopping) break;
      auto const next = tend_chores(guard);
      if (stopping) break;
      auto const now = clock.now();
      if (!questions.empty() || next <= now) continue;
      tickets_done = ticket;
      settled.notify_all();
      auto const called = [&] {
        return stopping || chores_changed || !questions.empty() || tickets > tickets_done;
      };
      base::Duration const longest = kLongestWait;
      wake.wait_for(guard, next == base::TimePoint::max() ? longest : std::min(longest, next - now), called);
    }
    questions.clear();
    ended = true;
    settled.notify_all();
  }
};

FileThread::FileThread(base::Clock const& clock, Options options)
    : state_(std::make_shared<State>(clock, options)) {}

FileThread::~FileThread() { stop(std::chrono::seconds{2}); }

bool FileThread::ask(std::shared_ptr<FileQuestion> question) {
  {
    std::lock_guard const guard(state_->lock);
    if (state_->stopping || state_->questions.size() >= state_->options.waiting_max) return false;
    state_->questions.push_back(std::move(question));
    state_->start(state_);
  }
  state_->wake.notify_one();
  return true;
}

void FileThread::tend(std::weak_ptr<FileChore> chore) {
  {
    std::lock_guard const guard(state_->lock);
    if (state_->stopping) return;
    state_->chores.push_back(std::move(chore));
    state_->chores_changed = true;
    state_->start(state_);
  }
  state_->wake.notify_one();
}

bool FileThread::settle(base::Duration patience) {
  std::unique_lock guard(state_->lock);
  if (!state_->thread.joinable()) return true;
  auto const ticket = ++state_->tickets;
  state_->wake.notify_one();
  return state_->settled.wait_for(guard, patience,
                                  [&] { return state_->tickets_done >= ticket || state_->ended; });
}

// A thread that the disk holds is left to itself; it has a share of all that it needs.
void FileThread::stop(base::Duration patience) {
  std::unique_lock guard(state_->lock);
  state_->stopping = true;
  state_->wake.notify_one();
  if (!state_->thread.joinable()) return;
  bool const ended = state_->settled.wait_for(guard, patience, [&] { return state_->ended; });
  guard.unlock();
  if (ended) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
}

}  // namespace weir::fallback
