#include "app/degradation_options.hpp"

#include <algorithm>

namespace weir::app {
namespace {

using fallback::Strategy;

constexpr int kTolerableShare = 2;  // of the time that a call has; what comes within it is not called slow

Strategy strategy_of(config::FallbackKind kind) noexcept {
  switch (kind) {
    case config::FallbackKind::any_copy: return Strategy::use_cache;
    case config::FallbackKind::stale_copy: return Strategy::use_stale_cache;
    case config::FallbackKind::server: return Strategy::server;
    case config::FallbackKind::backup: return Strategy::use_local_backup;
    case config::FallbackKind::standard: return Strategy::use_default;
    case config::FallbackKind::message: return Strategy::message;
    case config::FallbackKind::skip: break;
  }
  return Strategy::skip;
}

std::optional<Strategy> hook_of(std::optional<config::FallbackKind> hook) {
  return hook ? std::optional(strategy_of(*hook)) : std::nullopt;
}

fallback::FallbackPlan plan_of(config::FallbackSettings const& settings, config::Degradation const& of) {
  fallback::Declared declared;
  declared.on_timeout = hook_of(settings.on_timeout);
  declared.on_error = hook_of(settings.on_error);
  declared.on_open = hook_of(settings.on_open);
  declared.on_rate_limited = hook_of(settings.on_rate_limited);
  declared.stale_ok = of.stale_ok;
  declared.has_backup = !of.backup_path.empty();
  declared.has_standard = !of.standards_path.empty();
  if (settings.explicit_chain) {
    auto& chain = declared.chain.emplace();
    for (auto const& step : settings.chain) {
      chain.push_back({strategy_of(step.kind), step.server, step.tool, step.message});
    }
  }
  return fallback::FallbackPlan(declared);
}

}  // namespace

config::Degradation const& degradation_of(config::Settings const& settings, std::string const& server) {
  static config::Degradation const kDefaults;
  auto const found = std::find_if(settings.degradation.begin(), settings.degradation.end(),
                                  [&](auto const& one) { return one.server == server; });
  return found == settings.degradation.end() ? kDefaults : *found;
}

fallback::FallbackOptions fallback_options(config::Settings const& settings, config::Server const& server) {
  auto const& of = degradation_of(settings, server.name);
  fallback::FallbackOptions made;
  made.server = server.name;
  made.call = server.timeouts.call;
  made.plan = plan_of(of.fallback, of);
  made.repeat = repeat_rules(of);
  for (auto const& tool : of.tools) {
    auto& rule = made.tools.emplace_back();
    rule.pattern = tool.pattern;
    if (tool.timeout) rule.call = *tool.timeout;
    if (tool.fallback) rule.plan = plan_of(*tool.fallback, of);
  }
  return made;
}

resilience::BreakerOptions breaker_options(config::Degradation const& degradation) {
  auto const& breaker = degradation.breaker;
  resilience::BreakerOptions options;
  options.enabled = breaker.enabled;
  options.failure_threshold = breaker.failure_threshold;
  options.recovery = breaker.recovery;
  options.success_threshold = breaker.success_threshold;
  options.probes = breaker.probes;
  options.window = breaker.window;
  options.min_calls = breaker.min_calls;
  options.failure_rate = breaker.failure_rate;
  options.slow = breaker.slow;
  options.slow_rate = breaker.slow_rate;
  return options;
}

resilience::RetryOptions retry_options(config::Degradation const& degradation) {
  auto const& retry = degradation.retry;
  resilience::RetryOptions options;
  options.attempts = retry.attempts;
  options.budget = retry.budget;
  if (retry.attempt_timeout) options.attempt_timeout = *retry.attempt_timeout;
  options.idempotent = retry.idempotent;
  options.trust_hints = retry.trust_hints;
  return options;
}

resilience::HedgeOptions hedge_options(config::Degradation const& degradation, config::Server const& server) {
  auto const& hedge = degradation.hedge;
  resilience::HedgeOptions options;
  options.enabled = hedge.enabled && server.urls.size() > 1;
  if (hedge.after) options.after = *hedge.after;
  options.percentile = hedge.percentile;
  options.max = hedge.max;
  return options;
}

resilience::LimitOptions limit_options(config::Degradation const& degradation, base::Duration timeout) {
  resilience::LimitOptions options;
  options.concurrency.tolerable = std::min(options.concurrency.tolerable, timeout / kTolerableShare);
  options.concurrency.fixed = degradation.concurrency.limit;
  options.queue.bound = degradation.concurrency.queue;
  options.queue.patience = degradation.concurrency.queue_timeout;
  return options;
}

core::RepeatRules repeat_rules(config::Degradation const& degradation) {
  return {degradation.retry.idempotent, degradation.retry.trust_hints};
}

}  // namespace weir::app
