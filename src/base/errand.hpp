// Errand: work that runs on another thread's loop while a coroutine waits for its value on its own.
//
//   auto errand = std::make_shared<Question>(here, there);   // derives from Errand<T>, says what to do
//   Result<T> value = co_await run_errand(errand);
//
// An errand is shared by the two threads: each touches its own part only, and whatever passes between them
// goes through post(), so that it is seen whole and in order. perform() runs on `there`; dropping the waiting
// task cancels it there, soon. Every errand ends: if its workplace closes first, with Fault::unavailable. The
// last of the two threads to let go destroys it, so it owns values only, nothing that belongs to one thread.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/result.hpp"
#include "base/run_until.hpp"
#include "base/task_group.hpp"

namespace weir::base {

// Where tasks of other threads run: a loop and the group that owns them. Its owner must close it, on its
// thread or once that has ended; after that it is an empty shell that may die anywhere. Loops outlive all
// workplaces and errands that name them.
class Workplace {
 public:
  explicit Workplace(Scheduler& loop) : loop_(loop), tasks_(loop) {}
  Scheduler& loop() const noexcept { return loop_; }

  // On its thread.
  void take_in(Task<void> task) { tasks_.spawn(std::move(task)); }
  bool open() const noexcept { return open_; }
  std::size_t size() const noexcept { return tasks_.size(); }
  void close() noexcept {  // cancels what runs; what comes later is refused
    open_ = false;
    tasks_.cancel();
  }

 private:
  Scheduler& loop_;
  bool open_ = true;
  TaskGroup tasks_;
};

template <class T>
class Errand : public std::enable_shared_from_this<Errand<T>> {
 public:
  Errand(Scheduler& here, std::shared_ptr<Workplace> there)
      : here_(here), there_(std::move(there)), news_(here), unwanted_(there_->loop()) {}
  virtual ~Errand() = default;
  Errand(Errand const&) = delete;
  Errand& operator=(Errand const&) = delete;

  // Here: once the value has come; `news` is set then, and by derived errands for what comes before.
  bool answered() const noexcept { return answered_; }
  Event& news() noexcept { return news_; }
  Result<T> take() { return std::move(*value_); }

  void begin() {
    there_->loop().post([self = this->shared_from_this()] { self->there_->take_in(run(self)); });
  }
  void cancel() {
    there_->loop().post([self = this->shared_from_this()] { self->unwanted_.set(); });
  }

 protected:
  virtual Task<Result<T>> perform() = 0;  // on `there`; the errand outlives the task
  Scheduler& here() const noexcept { return here_; }
  Scheduler& there() const noexcept { return there_->loop(); }

 private:
  struct Homecoming {  // brings the value, or the news that there will be none
    std::shared_ptr<Errand> const& errand;
    explicit Homecoming(std::shared_ptr<Errand> const& e) noexcept : errand(e) {}
    Homecoming(Homecoming const&) = delete;
    Homecoming& operator=(Homecoming const&) = delete;
    ~Homecoming() {
      if (!errand->value_)
        errand->value_ = Error(Fault::unavailable, Blame::gateway, "its worker has stopped");
      errand->here_.post([self = errand] {
        self->answered_ = true;
        self->news_.set();
      });
    }
  };

  static Task<void> run(std::shared_ptr<Errand> self) {
    Homecoming const homecoming(self);
    if (!self->there_->open()) co_return;
    auto work = self->perform();
    auto const ended = co_await run_until(self->there(), work, TimePoint::max(), &self->unwanted_);
    if (ended == Ended::done) self->value_ = work.take();
  }

  Scheduler& here_;
  std::shared_ptr<Workplace> const there_;
  Event news_;
  Event unwanted_;                  // there
  std::optional<Result<T>> value_;  // there, until `answered_` is posted
  bool answered_ = false;
};

// The right to an errand's value: starts it, and cancels it when it dies before the value came.
template <class T>
class ErrandRun {
 public:
  explicit ErrandRun(Errand<T>& errand) : errand_(errand) { errand_.begin(); }
  ErrandRun(ErrandRun const&) = delete;
  ErrandRun& operator=(ErrandRun const&) = delete;
  ~ErrandRun() {
    if (!errand_.answered()) errand_.cancel();
  }

 private:
  Errand<T>& errand_;
};

template <class T>
Task<Result<T>> run_errand(std::shared_ptr<Errand<T>> errand) {
  ErrandRun<T> const run(*errand);
  while (!errand->answered()) {
    co_await errand->news().wait();
    errand->news().reset();
  }
  co_return errand->take();
}

}  // namespace weir::base
