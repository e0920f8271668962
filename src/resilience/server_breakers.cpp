#include "resilience/server_breakers.hpp"

#include <fmt/format.h>

namespace weir::resilience {
namespace {

using Reason = BreakerMove::Reason;

observe::Counter const& counter_of(observe::BreakerMoves const& moves, Reason reason) noexcept {
  switch (reason) {
    case Reason::failures: return moves.opened_by_failures;
    case Reason::failure_rate: return moves.opened_by_failure_rate;
    case Reason::slow_rate: return moves.opened_by_slow_rate;
    case Reason::probe_failed: return moves.reopened;
    case Reason::recovery: return moves.half_opened;
    case Reason::recovered: return moves.closed;
    case Reason::manual: break;
  }
  return moves.reset;
}

std::string_view event_of(BreakerState to) noexcept {
  return to == BreakerState::open     ? "breaker.open"
         : to == BreakerState::closed ? "breaker.closed"
                                      : "breaker.half_open";
}

}  // namespace

OperationClass class_of(mcp::Method method) noexcept {
  using enum mcp::Method;
  if (method == tools_call) return OperationClass::tools;
  return method == resources_read || method == resources_directory_read ? OperationClass::resources
                                                                        : OperationClass::others;
}

std::string_view name_of(OperationClass of) noexcept {
  return of == OperationClass::tools ? "tools" : of == OperationClass::resources ? "resources" : "others";
}

ServerBreakers::ServerBreakers(std::string server, BreakerOptions const& options, std::uint64_t seed,
                               observe::ServerMetrics const& metrics, observe::Log* log)
    : server_(std::move(server)),
      opens_(metrics.breaker_opens),
      moves_(metrics.breaker_moves),
      shown_(metrics.breaker_state),
      log_(log),
      lines_{Line(*this, OperationClass::tools, options, seed),
             Line(*this, OperationClass::resources, options, seed + 1),
             Line(*this, OperationClass::others, options, seed + 2)} {}

BreakerState ServerBreakers::state() const noexcept {
  auto worst = BreakerState::closed;
  for (auto const& line : lines_) {
    auto const state = line.breaker.state();
    if (state == BreakerState::open) return state;
    if (state == BreakerState::half_open) worst = state;
  }
  return worst;
}

BreakerStanding ServerBreakers::standing(base::TimePoint now) const {
  BreakerStanding worst;
  auto const rank = [](BreakerStanding const& of) {
    int const state = of.state == BreakerState::open ? 2 : of.state == BreakerState::half_open ? 1 : 0;
    return std::pair(state, of.wait);
  };
  for (auto const& line : lines_) {
    auto const one = line.breaker.standing(now);
    if (rank(one) > rank(worst)) worst = one;
  }
  return worst;
}

void ServerBreakers::moved(OperationClass which, BreakerMove const& move) noexcept {
  counter_of(moves_, move.reason).add();
  if (move.to == BreakerState::open) opens_.add();
  {
    // Each line publishes its state before it comes here: whoever is last shows them all.
    std::lock_guard<std::mutex> const guard(showing_);
    if (!retired_) shown_.set(static_cast<double>(state()));
  }
  if (log_ != nullptr) tell(which, move);
}

void ServerBreakers::tell(OperationClass which, BreakerMove const& move) noexcept {
  bool const opened = move.to == BreakerState::open;
  auto const level = opened ? observe::Level::warn : observe::Level::info;
  if (!log_->wants(level)) return;
  auto text = fmt::format("class {}: {} after {}, reason {}", name_of(which), name_of(move.to),
                          name_of(move.from), name_of(move.reason));
  if (opened) {
    auto const refused_for = std::chrono::duration_cast<std::chrono::milliseconds>(move.open_for);
    text += fmt::format("; calls are refused for {} ms", refused_for.count());
  }
  log_->event(level, event_of(move.to), text, {{observe::Key::server, server_}});
}

void ServerBreakers::retire() noexcept {
  std::lock_guard<std::mutex> const guard(showing_);
  retired_ = true;
  shown_.set(static_cast<double>(BreakerState::closed));
}

void ServerBreakers::reset(base::TimePoint now) {
  for (auto& line : lines_) line.breaker.reset(now);
}

void ServerBreakers::set_options(BreakerOptions const& options, base::TimePoint now) {
  for (auto& line : lines_) line.breaker.set_options(options, now);
}

}  // namespace weir::resilience
