// EmbeddedRig: an embedded store on a folder of its own, with a clock that only the test moves.
//
// The store's thread is real: tests wait for what they have asked (settle) or for answers that are posted,
// never for time. The loop's own clock stands still unless advanced, so nothing is late by accident.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "store/embedded_store.hpp"

namespace weir::store {

constexpr std::chrono::seconds kHang{60};  // of real time: something is stuck
using std::chrono::milliseconds;

class MovedClock final : public base::Clock {
 public:
  base::TimePoint now() const noexcept override {
    return base::TimePoint{} + std::chrono::hours{9} + moved();
  }
  base::WallTime wall() const noexcept override {
    return base::WallTime{milliseconds{1'700'000'000'000}} + milliseconds{wall_};
  }
  void advance(milliseconds by) noexcept {
    moved_ += by.count();
    wall_ += by.count();
  }
  void set_back(milliseconds by) noexcept { wall_ -= by.count(); }

 private:
  milliseconds moved() const noexcept { return milliseconds{moved_}; }
  std::atomic<std::int64_t> moved_{0}, wall_{0};
};

class PostedLoop final : public base::Scheduler {
 public:
  explicit PostedLoop(base::Clock const& clock) : Scheduler(clock) {}
  void post(std::function<void()> work) override {
    std::lock_guard const guard(lock_);
    posted_.push_back(std::move(work));
    arrived_.notify_one();
  }
  void run_all() {
    run_timers();
    run_ready();
    for (std::unique_lock guard(lock_); !posted_.empty(); guard.lock()) {
      auto const work = std::move(posted_.front());
      posted_.pop_front();
      guard.unlock();
      work();
      run_ready();
    }
  }
  template <class T>
  T wait(base::Task<T> task) {
    task.start();
    for (run_all(); !task.done(); run_all()) {
      std::unique_lock guard(lock_);
      if (!arrived_.wait_for(guard, kHang, [this] { return !posted_.empty(); })) std::abort();
    }
    return task.take();
  }

 protected:
  void wake() noexcept override {}
  void wake_by(base::TimePoint) noexcept override {}

 private:
  std::mutex lock_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> posted_;
};

class TempFolder {
 public:
  TempFolder() {
    auto name = (std::filesystem::temp_directory_path() / "weir-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path const& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

inline StoreKey key_of(std::uint64_t number, std::string server = "files", std::string who = "a1") {
  return {{std::move(server), "resources/read", "file:///" + std::to_string(number), std::move(who)},
          {7, number}};
}

inline StoredAnswer answer_of(std::string text, base::WallTime fetched, milliseconds kept,
                              std::uint64_t born = 0) {
  StoredAnswer answer;
  answer.bytes = std::move(text);
  answer.fetched = fetched;
  answer.fresh_for = kept / 2;
  answer.kept_for = kept;
  answer.born = born;
  return answer;
}

struct EmbeddedRig {
  EmbeddedRig() { open(); }

  void open(std::string const& secret = "one") {
    EmbeddedOptions options(folder.path() / "kept", StoreSecret::from_text(base::Secret(secret)), clock);
    options.limits = limits;
    options.vfs = vfs;
    options.queue_entries = queue_entries;
    options.open_within = kHang;
    store.emplace(std::move(options));
  }
  void reopen(std::string const& secret = "one") {
    close();
    open(secret);
  }
  void close() {
    store->stop(kHang);
    store.reset();
  }

  void put(std::uint64_t number, std::string text, milliseconds kept = std::chrono::hours{1}) {
    store->put(key_of(number), answer_of(std::move(text), clock.wall(), kept, store->sequence()));
  }
  void settle() { ASSERT_TRUE(store->settle(kHang)); }
  std::optional<Found> find(StoreKey key) { return loop.wait(store->get(loop, std::move(key))); }
  std::string text(std::uint64_t number) {  // "" is a miss; "~" before what is outdated
    auto const found = find(key_of(number));
    return found ? (found->outdated ? "~" : "") + found->answer.bytes : "";
  }
  std::uint64_t count(Selection what) {
    auto const counted = loop.wait(store->count(loop, std::move(what)));
    return counted.value_or(~std::uint64_t{0});
  }
  std::filesystem::path file() const { return folder.path() / "kept" / "answers.db"; }
  std::uint64_t bytes_on_disk() const {  // the lock's file is no part of the bound
    std::uint64_t sum = 0;
    for (auto const& each : std::filesystem::directory_iterator(folder.path() / "kept")) {
      if (each.path().filename() != "answers.lock") sum += each.file_size();
    }
    return sum;
  }

  TempFolder folder;
  MovedClock clock;
  PostedLoop loop{clock};
  StoreLimits limits;
  std::string vfs;
  std::size_t queue_entries = 1024;
  std::optional<EmbeddedStore> store;
};

}  // namespace weir::store
