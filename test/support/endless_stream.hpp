// EndlessStream: a peer that sends the same bytes again and again and is never out of them.
//
// `first` comes before them, once. Takes whatever is written. One thread.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "net/stream.hpp"

namespace weir::test {

class EndlessStream final : public net::Stream {
 public:
  EndlessStream(base::Scheduler& scheduler, std::string first, std::string again)
      : Stream(scheduler), first_(std::move(first)), again_(std::move(again)) {
    read_ready_.set();
    write_ready_.set();
  }

  net::IoResult read(std::span<char> into) noexcept override {
    std::size_t got = std::min(first_.size(), into.size());
    std::copy_n(first_.begin(), got, into.begin());
    first_.erase(0, got);
    for (; got + again_.size() <= into.size(); got += again_.size()) {
      std::copy_n(again_.begin(), again_.size(), into.begin() + static_cast<std::ptrdiff_t>(got));
    }
    read_bytes += got;
    return {net::IoState::moved, got};
  }
  net::IoResult write(std::span<iovec const> from) noexcept override {
    std::size_t taken = 0;
    for (auto const& piece : from) taken += piece.iov_len;
    return {net::IoState::moved, taken};
  }
  void shutdown_write() noexcept override {}
  std::string peer() const override { return "endless"; }

  std::size_t read_bytes = 0;

 protected:
  void want_read() noexcept override {}
  void want_write() noexcept override {}

 private:
  std::string first_, again_;
};

}  // namespace weir::test
