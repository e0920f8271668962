// PutQueue: answers on their way to the disk: the newest `entries_max` of them, of at most `bytes_max`.
//
// Not thread-safe: its owner's lock covers it. What does not fit drops the oldest; an answer that is larger
// than all the room is not taken. Both are counted by the caller.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace weir::store {

struct Put {
  StoreKey key;
  StoredAnswer answer;

  // What it takes in memory, near enough.
  std::size_t bytes() const noexcept {
    return answer.bytes.size() + key.labels.server.size() + key.labels.operation.size() +
           key.labels.target.size() + key.labels.who.size() + sizeof(Put);
  }
};

class PutQueue {
 public:
  PutQueue(std::size_t entries_max, std::size_t bytes_max)
      : entries_max_(entries_max), bytes_max_(bytes_max) {}

  // How many answers were dropped for it; it may be that one itself.
  std::size_t push(Put put) {
    auto const bytes = put.bytes();
    if (bytes > bytes_max_ || entries_max_ == 0) return 1;
    std::size_t dropped = 0;
    for (; puts_.size() >= entries_max_ || bytes_ + bytes > bytes_max_; ++dropped) take_first();
    bytes_ += bytes;
    puts_.push_back(std::move(put));
    return dropped;
  }

  // The oldest: at least one if there is any, then as many as fit.
  std::vector<Put> take(std::size_t entries, std::size_t bytes) {
    std::vector<Put> taken;
    std::size_t sum = 0;
    while (!puts_.empty() && taken.size() < entries) {
      sum += puts_.front().bytes();
      if (!taken.empty() && sum > bytes) break;
      taken.push_back(take_first());
    }
    return taken;
  }

  bool empty() const noexcept { return puts_.empty(); }
  std::size_t size() const noexcept { return puts_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  Put take_first() {
    Put put = std::move(puts_.front());
    puts_.pop_front();
    bytes_ -= put.bytes();
    return put;
  }

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::deque<Put> puts_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::store
