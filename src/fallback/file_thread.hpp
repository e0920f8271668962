// FileThread: the one thread of the process that reads files which stand in for answers.
//
// One per process, owned by app; it starts with its first work. A worker never waits for a disk (F-39): it
// asks with a FileQuestion, waits on its own loop for as long as it likes, and takes the question back. At
// most `waiting_max` questions wait, further ones are refused at once. Between questions the thread takes
// single steps of its chores. Any thread may call the public functions; one short lock, never held while a
// file is touched. A disk that hangs holds this thread and nobody else: questions run out of their own time,
// and the end of the process leaves the thread to itself with its share of all that it needs.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/scheduler.hpp"
#include "base/sync.hpp"

namespace weir::fallback {

// Shared by who asks and the thread. What perform() writes may be read once `done` is set.
class FileQuestion {
 public:
  explicit FileQuestion(base::Scheduler& here) : done(here), here_(&here) {}
  virtual ~FileQuestion() = default;
  FileQuestion(FileQuestion const&) = delete;
  FileQuestion& operator=(FileQuestion const&) = delete;

  base::Event done;  // the asker's
  bool wanted();     // any thread: worth going on?
  void take_back();  // by the asker: nothing of its loop is touched any more
  static void answer(std::shared_ptr<FileQuestion> const& question);  // by the thread

 protected:
  virtual void perform() = 0;  // on the thread; values only, nothing that belongs to the asker's

 private:
  std::mutex lock_;
  base::Scheduler* here_;
};

// The right to an answer: who drops it does not want it any more.
template <class Question>
class Asked {
 public:
  explicit Asked(std::shared_ptr<Question> made) noexcept : question(std::move(made)) {}
  Asked(Asked const&) = delete;
  Asked& operator=(Asked const&) = delete;
  ~Asked() { question->take_back(); }
  std::shared_ptr<Question> const question;
};

// Work that comes back, in steps of a few milliseconds each. The thread's, whoever made it.
class FileChore {
 public:
  virtual ~FileChore() = default;
  virtual base::TimePoint due() const = 0;
  virtual void step(base::TimePoint now) = 0;  // once due; stays due while there is more to do
};

class FileThread {
 public:
  struct Options {
    std::size_t waiting_max = 1000;
  };
  // `clock` is the process's: a thread that a disk holds may outlive this.
  explicit FileThread(base::Clock const& clock) : FileThread(clock, Options()) {}
  FileThread(base::Clock const& clock, Options options);
  ~FileThread();
  FileThread(FileThread const&) = delete;
  FileThread& operator=(FileThread const&) = delete;

  [[nodiscard]] bool ask(std::shared_ptr<FileQuestion> question);  // false: too many are waiting
  void tend(std::weak_ptr<FileChore> chore);                       // as long as its owner keeps it
  // Real time: until all that was asked before is done and no chore is due. False: it took longer.
  bool settle(base::Duration patience);
  void stop(base::Duration patience);  // real time; what still waits is not answered

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::fallback
