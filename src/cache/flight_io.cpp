#include "cache/flight_io.hpp"

#include <utility>

#include "core/parked.hpp"

namespace weir::cache {

using base::Result;

Flight::Flight(base::Scheduler& scheduler, core::Call const& call,
               std::shared_ptr<CacheOrder const> its_order, unsigned its_attempt)
    : copy(call),
      order(std::move(its_order)),
      attempt(its_attempt),
      begun(scheduler.now()),
      landed(scheduler),
      stirred(scheduler),
      beginner(scheduler),
      unwanted(scheduler),
      scheduler_(scheduler),
      room_(scheduler) {
  copy.call.client = this;
  copy.call.cache_order.reset();
}

base::Task<bool> Flight::notify(std::string notification) {
  moved_on = true;
  while (led_ && notes_.size() >= kNotesMax) {
    room_.reset();
    co_await room_.wait();
  }
  if (led_) {
    notes_.push_back(std::move(notification));
    beginner.set();
  }
  co_return true;
}

base::Task<Result<mcp::Message>> Flight::ask(std::string method, std::string params) {
  personal = true;
  stirred.set();
  while (led_ && question_ != nullptr) {
    room_.reset();
    co_await room_.wait();
  }
  if (!led_) {
    co_return base::Error(base::Fault::connection_lost, base::Blame::client, "the client is gone");
  }
  auto const question = std::make_shared<Question>(scheduler_);
  question->method = std::move(method);
  question->params = std::move(params);
  question_ = question;
  beginner.set();
  core::Parked const parked(copy.call, scheduler_, kQuestionMax);
  co_await question->answered.wait();
  if (!question->response) {
    co_return base::Error(base::Fault::connection_lost, base::Blame::client, "the client is gone");
  }
  co_return std::move(*question->response);
}

base::Task<void> Flight::pass_notes(core::ClientSink& client) {
  while (!notes_.empty()) {
    auto note = std::move(notes_.front());
    notes_.pop_front();
    room_.set();
    if (!co_await client.notify(std::move(note))) notes_.clear();
  }
}

base::Task<void> Flight::pass_question(core::ClientSink& client) {
  auto const question = question_;
  question->response = co_await client.ask(std::move(question->method), std::move(question->params));
  question_.reset();
  room_.set();
  question->answered.set();
}

void Flight::abandon() noexcept {
  led_ = false;
  notes_.clear();
  room_.set();
  if (auto const question = std::exchange(question_, nullptr)) question->answered.set();
}

}  // namespace weir::cache
