// What the tests of real files share: a folder of their own, a clock that threads may read, a loop that other
// threads post to.
//
// Each test owns its own; the folder goes with it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>

#include "base/scheduler.hpp"

namespace weir::fallback {

struct TempFolder {
  std::filesystem::path path;
  TempFolder() {
    auto name = (std::filesystem::temp_directory_path() / "weir-fallback-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TempFolder(TempFolder const&) = delete;
  TempFolder& operator=(TempFolder const&) = delete;
  void write(std::string const& name, std::string const& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
  }
};

class SharedClock final : public base::Clock {
 public:
  base::TimePoint now() const noexcept override { return base::TimePoint{base::Duration{now_.load()}}; }
  base::WallTime wall() const noexcept override { return base::WallTime{}; }
  void advance(base::Duration by) noexcept { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{base::Duration{std::chrono::hours{1000}}.count()};
};

// Virtual time, real posts. One thread runs it.
class PostedLoop final : public base::Scheduler {
 public:
  explicit PostedLoop(SharedClock& clock) : Scheduler(clock) {}

  void post(std::function<void()> work) override {
    std::lock_guard const guard(lock_);
    posted_.push_back(std::move(work));
    filled_.notify_one();
  }
  void turn() {  // what can be done at once
    run_timers();
    for (;;) {
      run_ready();
      std::function<void()> work;
      {
        std::lock_guard const guard(lock_);
        if (posted_.empty()) return;
        work = std::move(posted_.front());
        posted_.pop_front();
      }
      work();
    }
  }
  template <class Done>
  bool run_until(Done&& done) {  // false: it hangs
    for (int i = 0; i < 300 && !done(); ++i) {
      turn();
      if (done()) break;
      std::unique_lock guard(lock_);
      filled_.wait_for(guard, std::chrono::milliseconds{100}, [this] { return !posted_.empty(); });
    }
    return done();
  }

 protected:
  void wake() noexcept override {}
  void wake_by(base::TimePoint) noexcept override {}

 private:
  std::mutex lock_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> posted_;
};

}  // namespace weir::fallback
