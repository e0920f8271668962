// Letterbox: requests that a client of HTTP+SSE (2024-11-05) POSTs, on their way to the worker of its stream.
//
// One per such session, shared by the session and the task that serves the stream. put() from any thread;
// the rest at home. Each letter holds its place in the gate for calls, which so bounds them all.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/gate.hpp"
#include "base/sync.hpp"
#include "core/call.hpp"

namespace weir::session {

class Letterbox : public std::enable_shared_from_this<Letterbox> {
 public:
  struct Letter {
    std::unique_ptr<core::Call> call;  // with the rights of the POST that brought it
    base::Gate::Pass place;
    std::shared_ptr<core::Principal const> principal;  // the call's
    std::string request_id = {};                       // that the POST was answered with; for log and errors
  };

  explicit Letterbox(base::Scheduler& home) : home_(home), filled_(home) {}

  bool put(Letter letter) {  // false: the stream is over
    {
      std::lock_guard const lock(mutex_);
      if (closed_) return false;
      letters_.push_back(std::move(letter));
    }
    home_.post([self = shared_from_this()] { self->filled_.set(); });
    return true;
  }
  std::optional<Letter> take() {
    std::lock_guard const lock(mutex_);
    if (letters_.empty()) return std::nullopt;
    std::optional<Letter> letter(std::move(letters_.front()));
    letters_.pop_front();
    return letter;
  }
  base::Event& filled() noexcept { return filled_; }  // reset it before looking
  void close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    letters_.clear();
  }

 private:
  base::Scheduler& home_;
  base::Event filled_;
  std::mutex mutex_;
  std::deque<Letter> letters_;
  bool closed_ = false;
};

}  // namespace weir::session
