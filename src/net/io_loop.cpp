#include "net/io_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/assert.hpp"
#include "net/internal/fd_watch.hpp"

namespace weir::net {

using std::chrono::milliseconds;

struct IoLoop::Post {
  std::function<void()> work;
  Post* next;
};

IoLoop::IoLoop(base::Clock const& clock)
    : Scheduler(clock),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  WEIR_ASSERT(epoll_ >= 0 && bell_ >= 0);
  epoll_event event{};
  event.events =
      EPOLLIN | EPOLLET;  // edge-triggered: each ring is an event, and nobody has to read the count
  WEIR_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &event) == 0);
}

IoLoop::~IoLoop() {
  for (Post* post = take_posts(); post != nullptr;) delete std::exchange(post, post->next);
  ::close(bell_);
  ::close(epoll_);
}

void IoLoop::run() {
  for (;;) {
    run_posts();
    run_ready();
    if (stop_.load(std::memory_order_relaxed) && stop_.exchange(false)) return;
    wait_for_events();
    if (next_due_ != base::TimePoint::max() && now() >= next_due_) {
      next_due_ = run_timers().value_or(base::TimePoint::max());
    }
  }
}

void IoLoop::wait_for_events() {
  std::array<epoll_event, kEventsPerTurn> events;
  int const count = ::epoll_wait(epoll_, events.data(), kEventsPerTurn, patience_ms());
  ++turn_;
  while (auto* const watch = paused_.pop_front()) watch->go_on();
  for (int i = 0; i < count; ++i) {
    auto const& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) static_cast<internal::FdWatch*>(event.data.ptr)->happened(event.events);
  }
}

// Rounded up: a millisecond is the grain of the timer wheel too.
int IoLoop::patience_ms() const noexcept {
  if (!paused_.empty() || has_ready() || posts_.load(std::memory_order_relaxed) != nullptr) return 0;
  if (next_due_ == base::TimePoint::max()) return -1;
  auto const left = std::chrono::ceil<milliseconds>(next_due_ - now());
  return static_cast<int>(std::clamp(left, milliseconds{0}, milliseconds{std::chrono::hours{1}}).count());
}

void IoLoop::wake_by(base::TimePoint due) noexcept { next_due_ = std::min(next_due_, due); }

void IoLoop::ring() noexcept {
  std::uint64_t const one = 1;
  [[maybe_unused]] ssize_t const written = ::write(bell_, &one, sizeof one);
}

void IoLoop::stop() {
  stop_.store(true);
  ring();
}

void IoLoop::post(std::function<void()> work) {
  auto post = std::make_unique<Post>(Post{std::move(work), posts_.load(std::memory_order_relaxed)});
  Post* before = post->next;
  while (!posts_.compare_exchange_weak(before, post.get(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
    post->next = before;
  }
  post.release();                 // the loop's now, which may have run it already
  if (before == nullptr) ring();  // otherwise whoever posted first has rung
}

// Everything that was posted, the first first.
IoLoop::Post* IoLoop::take_posts() noexcept {
  Post* first = nullptr;
  for (Post* post = posts_.exchange(nullptr, std::memory_order_acquire); post != nullptr;) {
    Post* const before = std::exchange(post->next, first);
    first = std::exchange(post, before);
  }
  return first;
}

void IoLoop::run_posts() {
  for (Post* post = take_posts(); post != nullptr;) {
    std::unique_ptr<Post> const owned(std::exchange(post, post->next));
    owned->work();
    run_ready();
  }
}

}  // namespace weir::net
