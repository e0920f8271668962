#include "fallback/fallback_plan.hpp"

#include <algorithm>

namespace weir::fallback {

using base::Fault;

namespace {

bool is_copy(Strategy strategy) noexcept {
  return strategy == Strategy::use_cache || strategy == Strategy::use_stale_cache;
}

// A copy is a copy: looking for one twice finds the same.
bool same_kind(Step const& one, Step const& other) noexcept {
  return one == other || (is_copy(one.strategy) && is_copy(other.strategy));
}

void append(std::vector<Step>& steps, Step step) {
  if (step.strategy == Strategy::skip) return;
  bool const there =
      std::any_of(steps.begin(), steps.end(), [&](Step const& before) { return same_kind(before, step); });
  if (!there) steps.push_back(std::move(step));
}

Step plain(Strategy strategy) { return Step{strategy, {}, {}, {}}; }

std::vector<Step> from_hook(std::optional<Strategy> hook, Declared const& declared) {
  std::vector<Step> steps;
  bool const last = hook == Strategy::use_default;  // it always has something: what is better goes first
  if (hook && !last) append(steps, plain(*hook));
  std::array const hooks{declared.on_timeout, declared.on_error, declared.on_open, declared.on_rate_limited};
  auto const named = [&hooks](auto&& wanted) {
    return std::any_of(hooks.begin(), hooks.end(), [&](auto const& one) { return one && wanted(*one); });
  };
  if (!hook && !declared.stale_ok) return steps;  // nothing was said about this kind of failure
  if (declared.stale_ok || named(is_copy)) append(steps, plain(Strategy::use_stale_cache));
  if (!hook) return steps;
  if (declared.has_backup) append(steps, plain(Strategy::use_local_backup));
  bool const standard = named([](Strategy strategy) { return strategy == Strategy::use_default; });
  if (declared.has_standard || standard) append(steps, plain(Strategy::use_default));
  return steps;
}

}  // namespace

std::string_view name_of(Strategy strategy) noexcept {
  switch (strategy) {
    case Strategy::use_cache: return "use_cache";
    case Strategy::use_stale_cache: return "use_stale_cache";
    case Strategy::server: return "server";
    case Strategy::use_local_backup: return "use_local_backup";
    case Strategy::use_default: return "use_default";
    case Strategy::message: return "message";
    case Strategy::skip: break;
  }
  return "skip";
}

FallbackPlan::FallbackPlan(Declared const& declared) {
  if (declared.chain) {
    for (auto const& step : *declared.chain) append(steps_[timeout], step);
    for (auto& steps : steps_) steps = steps_[timeout];
  } else {
    auto const or_error = [&](auto const& hook) { return hook ? hook : declared.on_error; };
    steps_[timeout] = from_hook(declared.on_timeout, declared);
    steps_[error] = from_hook(declared.on_error, declared);
    steps_[open] = from_hook(or_error(declared.on_open), declared);
    steps_[rate_limited] = from_hook(or_error(declared.on_rate_limited), declared);
  }
  for (auto const& steps : steps_) {
    empty_ = empty_ && steps.empty();
    wants_copy_ = wants_copy_ || std::any_of(steps.begin(), steps.end(),
                                             [](Step const& step) { return is_copy(step.strategy); });
  }
}

FallbackPlan::Kind FallbackPlan::kind_of(Fault fault) noexcept {
  if (fault == Fault::timed_out) return timeout;
  if (fault == Fault::breaker_open) return open;
  return fault == Fault::throttled || fault == Fault::busy ? rate_limited : error;
}

std::vector<Step> const& FallbackPlan::steps_for(Fault fault) const noexcept {
  return steps_[kind_of(fault)];
}

unsigned FallbackPlan::servers_for(Fault fault) const noexcept {
  auto const& steps = steps_for(fault);
  return static_cast<unsigned>(std::count_if(
      steps.begin(), steps.end(), [](Step const& step) { return step.strategy == Strategy::server; }));
}

bool qualifies(base::Error const& error) noexcept {
  switch (error.fault) {
    case Fault::timed_out:
    case Fault::unavailable:  // of our own blame: a credential is missing, or we are being stopped
    case Fault::throttled:
    case Fault::breaker_open:
    case Fault::starting:
    case Fault::connect_failed:
    case Fault::connection_lost:
    case Fault::protocol: return error.blame == base::Blame::upstream;
    case Fault::busy: return !error.server.empty();  // no place at that server
    default: return false;
  }
}

}  // namespace weir::fallback
