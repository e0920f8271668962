#include "store/redis_queue.hpp"

namespace weir::store {

std::size_t RedisQueue::weight(QueuedPut const& put) noexcept {
  auto const& labels = put.key.labels;
  return put.answer.bytes.size() + labels.server.size() + labels.operation.size() + labels.target.size() +
         labels.who.size();
}

bool RedisQueue::push(QueuedPut put) {
  std::vector<QueuedPut> removed;  // dies after the lock is given back
  auto const bytes = weight(put);
  std::lock_guard const guard(lock_);
  if (bytes > kBytesMax) {
    ++dropped_;
    return false;
  }
  bool const was_empty = entries_.empty();
  while (entries_.size() >= kEntriesMax || bytes_ + bytes > kBytesMax) {
    bytes_ -= weight(entries_.front());
    removed.push_back(std::move(entries_.front()));
    entries_.pop_front();
    ++dropped_;
  }
  bytes_ += bytes;
  entries_.push_back(std::move(put));
  return was_empty;
}

std::vector<QueuedPut> RedisQueue::take() {
  std::vector<QueuedPut> batch;
  std::size_t bytes = 0;
  std::lock_guard const guard(lock_);
  while (!entries_.empty() && batch.size() < kBatchEntries) {
    bytes += weight(entries_.front());
    if (!batch.empty() && bytes > kBatchBytes) break;
    bytes_ -= weight(entries_.front());
    batch.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  return batch;
}

bool RedisQueue::empty() const {
  std::lock_guard const guard(lock_);
  return entries_.empty();
}

std::uint64_t RedisQueue::dropped() const {
  std::lock_guard const guard(lock_);
  return dropped_;
}

}  // namespace weir::store
