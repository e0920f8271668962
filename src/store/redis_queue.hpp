// RedisQueue: answers on their way to Redis. Any thread; never waits.
//
// Limits: kEntriesMax and kBytesMax; the oldest make room and are counted.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "store/store.hpp"

namespace weir::store {

struct QueuedPut {
  StoreKey key;
  StoredAnswer answer;
};

class RedisQueue {
 public:
  static constexpr std::size_t kEntriesMax = 1024;
  static constexpr std::size_t kBytesMax = 16U << 20U;
  static constexpr std::size_t kBatchEntries = 32;
  static constexpr std::size_t kBatchBytes = 4U << 20U;

  // True: it was empty, so somebody must be told.
  bool push(QueuedPut put);
  std::vector<QueuedPut> take();  // the oldest, up to a batch; one at least, if there is one
  bool empty() const;
  std::uint64_t dropped() const;

 private:
  static std::size_t weight(QueuedPut const& put) noexcept;

  mutable std::mutex lock_;
  std::deque<QueuedPut> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::store
