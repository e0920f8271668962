// EmbeddedStore: the second tier in a file of this machine (SQLite; docs/decisions/0009-embedded-store.md).
//
// All file I/O is on one thread of its own, weir-store. A worker posts its question and waits for the answer
// on its own loop, for `answer_within` at most; then it is a miss (F-38, F-39). Questions come first, then
// writes in small batches, then housekeeping: what is over leaves by itself within about a second. A file
// that is no use is moved aside and begun afresh; a disk that refuses is tried again after 1 s, 2 s, … 60 s;
// until then there are misses and status() says why. All pages are looked at once at each start (0.3 s at 100
// MB). One process has a folder at a time; a second one does without.
//
// Marks: invalidate() is in effect when it returns, here at once and for every later start of the process,
// however this one ends: its number is announced in the page cache (store_folder.hpp) before the mark itself
// is stored by the thread. A start that finds an announced number without its mark invalidates everything.
// Only the end of the machine may lose the last marks with the last answers, in order.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "store/store.hpp"
#include "store/store_secret.hpp"

namespace weir::store {

struct EmbeddedOptions {
  EmbeddedOptions(std::filesystem::path where, StoreSecret key, base::Clock const& time)
      : folder(std::move(where)), secret(std::move(key)), clock(time) {}

  std::filesystem::path folder;  // 0700 if it is made here
  StoreSecret secret;
  base::Clock const& clock;  // of the process: a thread that the disk holds may outlive the store
  StoreLimits limits;
  // Events for the log: an id and one line. Called by the thread, not after stop().
  std::function<void(std::string_view event, std::string_view text)> log;
  base::Duration answer_within = std::chrono::milliseconds{5};
  base::Duration count_within = std::chrono::seconds{2};
  base::Duration open_within = std::chrono::seconds{1};  // real time that the constructor waits for the disk
  std::size_t queue_entries = 1024;
  std::size_t queue_bytes = 16'000'000;
  std::size_t questions_max = 1024;
  std::string vfs;  // SQLite's name of the file system to use; "" is the real one
};

class EmbeddedStore final : public Store {
 public:
  explicit EmbeddedStore(EmbeddedOptions options);
  ~EmbeddedStore() override;

  std::uint64_t sequence() const noexcept override;
  base::Task<std::optional<Found>> get(base::Scheduler& here, StoreKey key) override;
  void put(StoreKey key, StoredAnswer answer) override;
  void invalidate(Selection what, bool gone) override;
  base::Task<std::optional<std::uint64_t>> count(base::Scheduler& here, Selection what) override;
  StoreStatus status() const override;
  void set_limits(StoreLimits limits) override;
  void hear(StoreObserver*) override {}  // there is nobody else
  void stop(base::Duration patience) override;

  // Waits until all that was asked before is done and what is due has happened. False: it took longer.
  bool settle(base::Duration patience);

 private:
  struct Asked;
  std::shared_ptr<class EmbeddedThread> thread_;
  base::Duration answer_within_;
  base::Duration count_within_;
};

// Never fails: a store that cannot open is one that is not ready.
std::unique_ptr<Store> open_embedded(EmbeddedOptions options);

}  // namespace weir::store
