#include "limits/overload.hpp"

#include <algorithm>

namespace weir::limits {
namespace {

constexpr unsigned kReadingsAbove = 3;
constexpr unsigned kStepUp = 10;
constexpr unsigned kStepDown = 5;
constexpr double kCalm = .8;  // of the threshold

// The same value: config is a lower floor than core and has its own.
core::Standing standing_of(config::Priority priority) noexcept {
  return static_cast<core::Standing>(priority);
}
static_assert(static_cast<int>(config::Priority::control) == static_cast<int>(core::Standing::control));
static_assert(static_cast<int>(config::Priority::interactive) ==
              static_cast<int>(core::Standing::interactive));
static_assert(static_cast<int>(config::Priority::background) == static_cast<int>(core::Standing::background));

}  // namespace

void Overload::set_settings(config::Shedding const& settings) {
  settings_ = settings;
  above_ = level_ = 0;
  apply();
}

void Overload::feed(LoadReading const& reading) {
  if (!configured()) return;
  bool const busy = settings_.cpu && reading.cpu > *settings_.cpu;
  bool const slow = settings_.queue_wait && reading.queue_wait > *settings_.queue_wait;
  bool const idle = !settings_.cpu || reading.cpu < kCalm * *settings_.cpu;
  bool const quick = !settings_.queue_wait || reading.queue_wait < kCalm * *settings_.queue_wait;
  above_ = busy || slow ? above_ + 1 : 0;
  if (above_ >= kReadingsAbove) {
    level_ = level_ < kLastPriority ? kLastPriority : std::min(level_ + kStepUp, kMost);
  } else if (idle && quick && level_ > 0) {
    level_ = level_ <= kStepDown ? 0 : level_ - kStepDown;
  }
  apply();
}

void Overload::apply() {
  unsigned left = level_;
  for (auto& share : shares_) share.percent.store(0, std::memory_order_relaxed);
  for (auto at = settings_.order.rbegin(); at != settings_.order.rend(); ++at) {
    if (*at == config::Priority::control) continue;
    unsigned const percent = std::min(left, kLastPriority);
    share_of(standing_of(*at)).percent.store(percent, std::memory_order_relaxed);
    left -= percent;
  }
}

bool Overload::refuses(core::Standing standing) noexcept {
  auto& share = share_of(standing);
  auto const percent = share.percent.load(std::memory_order_relaxed);
  if (percent == 0) return false;
  auto const before = share.asked.fetch_add(percent, std::memory_order_relaxed) % 100;
  return before + percent >= 100;
}

unsigned Overload::percent_of(core::Standing standing) const noexcept {
  return shares_[static_cast<std::size_t>(standing)].percent.load(std::memory_order_relaxed);
}

}  // namespace weir::limits
