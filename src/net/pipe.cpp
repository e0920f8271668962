#include "net/pipe.hpp"

#include <cstring>

namespace weir::net {
namespace {

class PipeEnd;

struct Direction {  // bytes on their way from one end to the other
  std::string bytes;
  bool ended = false;         // the writer will write no more
  PipeEnd* reader = nullptr;  // null once that end is gone
  PipeEnd* writer = nullptr;
};

class PipeEnd final : public Stream {
 public:
  PipeEnd(base::Scheduler& scheduler, std::shared_ptr<Direction> in, std::shared_ptr<Direction> out,
          std::size_t capacity)
      : Stream(scheduler), in_(std::move(in)), out_(std::move(out)), capacity_(capacity) {
    in_->reader = this;
    out_->writer = this;
  }
  ~PipeEnd() override {
    in_->reader = nullptr;
    out_->writer = nullptr;
    out_->ended = true;
    wake_writer_of(*in_);
    wake_reader_of(*out_);
  }

  IoResult read(std::span<char> into) noexcept override {
    auto& bytes = in_->bytes;
    if (bytes.empty()) {
      if (in_->ended) return {IoState::ended};
      read_ready_.reset();
      return {IoState::blocked};
    }
    std::size_t const n = std::min(into.size(), bytes.size());
    std::memcpy(into.data(), bytes.data(), n);
    bytes.erase(0, n);
    if (bytes.empty() && !in_->ended) read_ready_.reset();
    wake_writer_of(*in_);
    return {IoState::moved, n};
  }

  IoResult write(std::span<iovec const> from) noexcept override {
    if (out_->reader == nullptr || out_->ended) return {IoState::ended};
    std::size_t moved = 0;
    for (auto const& part : from) {
      std::size_t const room = capacity_ - out_->bytes.size();
      std::size_t const n = std::min(room, part.iov_len);
      out_->bytes.append(static_cast<char const*>(part.iov_base), n);
      moved += n;
      if (n < part.iov_len) break;
    }
    if (moved > 0) {
      wake_reader_of(*out_);
      return {IoState::moved, moved};
    }
    write_ready_.reset();
    return {IoState::blocked};
  }

  void shutdown_write() noexcept override {
    out_->ended = true;
    wake_reader_of(*out_);
  }
  std::string peer() const override { return "pipe"; }
  std::size_t under_way() const noexcept override { return out_->bytes.size(); }

 protected:
  void want_read() noexcept override {
    if (!in_->bytes.empty() || in_->ended) read_ready_.set();
  }
  void want_write() noexcept override {
    if (out_->bytes.size() < capacity_ || out_->reader == nullptr) write_ready_.set();
  }

 private:
  static void wake_reader_of(Direction& direction) noexcept {
    if (direction.reader != nullptr) direction.reader->read_ready_.set();
  }
  static void wake_writer_of(Direction& direction) noexcept {
    if (direction.writer != nullptr) direction.writer->write_ready_.set();
  }
  std::shared_ptr<Direction> in_;
  std::shared_ptr<Direction> out_;
  std::size_t capacity_;
};

}  // namespace

StreamPair make_pipe(base::Scheduler& scheduler, std::size_t capacity) {
  auto there = std::make_shared<Direction>();
  auto back = std::make_shared<Direction>();
  auto a = std::make_unique<PipeEnd>(scheduler, back, there, capacity);
  auto b = std::make_unique<PipeEnd>(scheduler, there, back, capacity);
  return {std::move(a), std::move(b)};
}

}  // namespace weir::net
