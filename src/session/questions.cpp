#include "session/questions.hpp"

#include <algorithm>

namespace weir::session {

std::optional<Questions::Open> Questions::ask(base::Scheduler& home) {
  std::lock_guard const lock(mutex_);
  if (closed_ || open_.size() >= kOpenMax) return std::nullopt;
  auto slot = std::make_shared<Slot>(home, "\"weir-" + std::to_string(++count_) + '"');
  open_.push_back(slot);
  return Open(*this, std::move(slot));
}

void Questions::wake(std::shared_ptr<Slot> slot) {
  auto& home = slot->home;
  home.post([slot = std::move(slot)] { slot->settled.set(); });
}

void Questions::answer(mcp::Message response) {
  std::shared_ptr<Slot> slot;
  {
    std::lock_guard const lock(mutex_);
    auto const id = response.raw(mcp::Field::id);
    auto const found =
        std::find_if(open_.begin(), open_.end(), [&](auto const& one) { return one->id == id; });
    if (found == open_.end()) return;
    slot = *found;
    slot->answer = std::move(response);
    open_.erase(found);
  }
  wake(std::move(slot));
}

void Questions::close() {
  std::vector<std::shared_ptr<Slot>> left;
  {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    left.swap(open_);
  }
  for (auto& slot : left) wake(std::move(slot));
}

void Questions::forget(Slot const& slot) {
  std::lock_guard const lock(mutex_);
  std::erase_if(open_, [&](auto const& one) { return one.get() == &slot; });
}

std::optional<mcp::Message> Questions::take(Slot& slot) {
  std::lock_guard const lock(mutex_);
  return std::exchange(slot.answer, std::nullopt);
}

}  // namespace weir::session
