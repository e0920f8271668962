// `degradation:` and the rates of `limits:` as settings.
#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

void take_share(Node const* node, std::string_view path, double& out) {
  take(node, path, out, [](std::string_view text) -> std::optional<double> {
    auto const percent = parse_percent(text);
    return percent ? std::optional(*percent / 100) : std::nullopt;
  });
}

void take_seconds_of(Node const* node, std::string_view path, milliseconds& out) {
  take(node, path, out, [](std::string_view text) -> std::optional<milliseconds> {
    auto const number = parse_integer(text);
    return number && *number >= 0 ? std::optional<milliseconds>(std::chrono::seconds(*number)) : std::nullopt;
  });
}

std::optional<FallbackKind> kind_of(std::string_view word) {
  constexpr std::pair<std::string_view, FallbackKind> kWords[] = {
      {"use_cache", FallbackKind::any_copy},
      {"use_stale_cache", FallbackKind::stale_copy},
      {"use_local_backup", FallbackKind::backup},
      {"use_default", FallbackKind::standard},
      {"skip", FallbackKind::skip},
  };
  for (auto const& [text, kind] : kWords) {
    if (text == word) return kind;
  }
  return std::nullopt;
}

void take_hook(Node const& node, std::string_view key, std::optional<FallbackKind>& out) {
  if (auto const word = scalar_at(&node, key)) {
    if (auto const kind = kind_of(*word)) out = kind;
  }
}

// A step that names a server which is not configured has nothing to ask: it was reported.
std::optional<FallbackStep> read_step(Node const& node, Node const& root) {
  FallbackStep step;
  if (node.is_scalar()) {
    auto const kind = kind_of(node.value());
    if (!kind) return std::nullopt;
    step.kind = *kind;
    return step;
  }
  if (auto const message = scalar_at(&node, "message")) {
    step.kind = FallbackKind::message;
    step.message = *message;
    return step;
  }
  auto const server = scalar_at(&node, "server");
  auto const meant = server ? server_meant(root, *server) : std::string_view();
  if (meant.empty()) return std::nullopt;
  step.kind = FallbackKind::server;
  step.server = meant;
  take(&node, "tool", step.tool);
  return step;
}

bool read_chain(Node const& node, Node const& root, FallbackSettings& fallback) {
  auto const* chain = node.find("fallback");
  if (chain == nullptr || !chain->is_sequence()) return false;
  fallback.explicit_chain = true;
  fallback.chain.clear();
  for (auto const& item : chain->items) {
    if (auto step = read_step(item, root)) fallback.chain.push_back(std::move(*step));
  }
  return true;
}

// Hooks that a section names end the chain which `defaults` had.
void apply_fallback(Node const& node, Node const& root, FallbackSettings& fallback) {
  bool const hooks = node.find("on_timeout") != nullptr || node.find("on_error") != nullptr ||
                     node.find("on_open") != nullptr || node.find("on_rate_limited") != nullptr;
  if (hooks && node.find("fallback") == nullptr) fallback.explicit_chain = false;
  take_hook(node, "on_timeout", fallback.on_timeout);
  take_hook(node, "on_error", fallback.on_error);
  take_hook(node, "on_open", fallback.on_open);
  take_hook(node, "on_rate_limited", fallback.on_rate_limited);
  read_chain(node, root, fallback);
}

void apply_breaker(Node const* node, BreakerSettings& breaker) {
  take(node, "enabled", breaker.enabled);
  take(node, "failure_threshold", breaker.failure_threshold);
  take_seconds_of(node, "recovery_timeout_s", breaker.recovery);
  take(node, "success_threshold", breaker.success_threshold);
  take(node, "probes", breaker.probes);
  take_seconds_of(node, "window_s", breaker.window);
  take(node, "min_calls", breaker.min_calls);
  take_share(node, "failure_rate", breaker.failure_rate);
  take_ms(node, "slow_ms", breaker.slow);
  take_share(node, "slow_rate", breaker.slow_rate);
}

void apply_retry(Node const* node, RetrySettings& retry) {
  take(node, "attempts", retry.attempts);
  take_share(node, "budget", retry.budget);
  take(node, "idempotent", retry.idempotent);
  take(node, "trust_hints", retry.trust_hints);
  auto const time = scalar_at(node, "attempt_timeout_ms");
  if (time == "auto") retry.attempt_timeout.reset();
  if (auto const number = time ? parse_integer(*time) : std::nullopt; number && *number > 0) {
    retry.attempt_timeout = milliseconds(*number);
  }
}

void apply_hedge(Node const* node, HedgeSettings& hedge) {
  take(node, "enabled", hedge.enabled);
  take_share(node, "max", hedge.max);
  auto const after = scalar_at(node, "after");
  if (!after) return;
  if (after->starts_with('p')) {
    auto const percentile = parse_integer(after->substr(1));
    if (percentile) hedge.percentile = static_cast<double>(*percentile) / 100;
    hedge.after.reset();
  } else if (auto const time = parse_duration(*after)) {
    hedge.after = *time;
  }
}

void apply_concurrency(Node const* node, ConcurrencySettings& concurrency) {
  auto const limit = scalar_at(node, "limit");
  if (limit == "adaptive") concurrency.limit.reset();
  if (auto const number = limit ? parse_integer(*limit) : std::nullopt; number && *number > 0) {
    concurrency.limit = static_cast<unsigned>(*number);
  }
  take(node, "queue", concurrency.queue);
  take_ms(node, "queue_timeout_ms", concurrency.queue_timeout);
}

void take_path(Node const& node, std::string_view key, std::string& out, Environment const& environment) {
  if (auto const text = scalar_at(&node, key); text && !text->empty()) out = environment.absolute(*text);
}

void read_tools(Node const& node, Node const& root, std::vector<ToolDegradation>& out) {
  auto const* tools = node.find("tools");
  if (tools == nullptr || !tools->is_map()) return;
  for (auto const& member : tools->members) {
    std::erase_if(out, [&](ToolDegradation const& tool) { return tool.pattern == member.key; });
    auto& tool = out.emplace_back();
    tool.pattern = member.key;
    if (auto const time = scalar_at(&member.value, "timeout_ms")) {
      if (auto const number = parse_integer(*time); number && *number > 0)
        tool.timeout = milliseconds(*number);
    }
    FallbackSettings fallback;
    if (read_chain(member.value, root, fallback)) tool.fallback = std::move(fallback);
  }
}

void apply(Node const& node, Node const& root, Environment const& environment, Degradation& out) {
  if (!node.is_map()) return;
  apply_breaker(node.find("breaker"), out.breaker);
  apply_retry(node.find("retry"), out.retry);
  apply_hedge(node.find("hedge"), out.hedge);
  apply_concurrency(node.find("concurrency"), out.concurrency);
  apply_fallback(node, root, out.fallback);
  take(&node, "cache_stale_ok", out.stale_ok);
  take_path(node, "local_backup_path", out.backup_path, environment);
  take_path(node, "fallback_standards_path", out.standards_path, environment);
  read_tools(node, root, out.tools);
}

}  // namespace

std::vector<Degradation> read_degradation(Node const& root, Environment const& environment) {
  std::vector<Degradation> all;
  auto const* servers = root.find("servers");
  if (servers == nullptr) return all;
  auto const* sections = root.find("degradation");
  for (auto const& server : servers->members) {
    auto& made = all.emplace_back();
    made.server = server.key;
    if (sections == nullptr || !sections->is_map()) continue;
    if (auto const* defaults = sections->find("defaults")) apply(*defaults, root, environment, made);
    for (auto const& section : sections->members) {
      bool const meant = section.key != "defaults" && server_meant(root, section.key) == server.key;
      if (meant) apply(section.value, root, environment, made);
    }
  }
  return all;
}

RateLimits read_rates(Node const& root) {
  RateLimits rates;
  auto const rate = [&](std::string_view path, Rate& out) { take(&root, path, out.per_second, parse_rate); };
  rate("limits.global.rate", rates.global);
  rate("limits.per_principal.rate", rates.per_principal);
  take(&root, "limits.per_principal.burst", rates.burst);
  take(&root, "limits.per_principal.daily_calls", rates.daily_calls,
       [](std::string_view text) -> std::optional<std::uint64_t> {
         auto const count = parse_count(text);
         return count && *count >= 0 ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
       });
  return rates;
}

Shedding read_shedding(Node const& root) {
  Shedding shedding;
  if (auto const cpu = scalar_at(&root, "limits.shed.cpu")) {
    if (auto const percent = parse_percent(*cpu)) shedding.cpu = *percent / 100;
  }
  if (auto const wait = scalar_at(&root, "limits.shed.queue_wait"))
    shedding.queue_wait = parse_duration(*wait);
  std::vector<std::string> words;
  take(&root, "limits.shed.priority", words);
  std::vector<Priority> order;
  for (auto const& word : words) {
    auto const priority = word == "control"       ? Priority::control
                          : word == "interactive" ? Priority::interactive
                                                  : Priority::background;
    if (std::find(order.begin(), order.end(), priority) == order.end()) order.push_back(priority);
  }
  for (auto const priority : shedding.order) {  // what was not named comes last
    if (std::find(order.begin(), order.end(), priority) == order.end()) order.push_back(priority);
  }
  shedding.order = std::move(order);
  return shedding;
}

}  // namespace weir::config
