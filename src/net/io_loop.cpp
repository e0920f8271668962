#include "net/io_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/internal/asio_loop.hpp"

namespace weir::net {

IoLoop::IoLoop(base::Clock const& clock) : Scheduler(clock), asio_(std::make_unique<internal::AsioLoop>()) {}

IoLoop::~IoLoop() = default;

void IoLoop::run() {
  auto const guard = boost::asio::make_work_guard(asio_->context);
  asio_->context.restart();
  run_pending();
  asio_->context.run();
}

void IoLoop::stop() { asio_->context.stop(); }

void IoLoop::post(std::function<void()> work) {
  boost::asio::post(asio_->context, [this, work = std::move(work)] {
    work();
    run_pending();
  });
}

void IoLoop::wake_by(base::TimePoint due) noexcept {
  if (due >= armed_) return;  // the armed wake-up comes first and arms again
  armed_ = due;
  asio_->timer.expires_at(due);
  asio_->timer.async_wait([this](boost::system::error_code const& error) {
    if (!error) on_timer();
  });
}

void IoLoop::on_timer() {
  armed_ = base::TimePoint::max();
  if (auto const next = run_timers()) wake_by(std::max(*next, now() + std::chrono::milliseconds{1}));
  run_pending();
}

}  // namespace weir::net
