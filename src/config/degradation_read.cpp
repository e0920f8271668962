// `degradation:` and `limits:` as settings.
#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

using std::chrono::seconds;

void take_share(Node const* node, std::string_view path, double& out) {
  if (auto const percent = parse_percent(scalar_at(node, path).value_or(""))) out = *percent / 100;
}

void take_whole_seconds(Node const* node, std::string_view path, milliseconds& out) {
  if (auto const number = parse_integer(scalar_at(node, path).value_or(""))) out = seconds(*number);
}

// A number, or a word that means that it is found out.
template <class T>
void take_number_or(Node const* node, std::string_view path, std::string_view word, std::optional<T>& out) {
  auto const text = scalar_at(node, path);
  if (!text) return;
  if (*text == word) return out.reset();
  if (auto const number = parse_integer(*text); number && *number > 0) out = static_cast<T>(*number);
}

std::optional<FallbackKind> kind_of(std::string_view word) {
  constexpr std::pair<std::string_view, FallbackKind> kWords[] = {
      {"use_cache", FallbackKind::any_copy},
      {"use_stale_cache", FallbackKind::stale_copy},
      {"use_local_backup", FallbackKind::backup},
      {"use_default", FallbackKind::standard},
      {"skip", FallbackKind::skip},
  };
  auto const* found = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](auto const& pair) { return pair.first == word; });
  if (found == std::end(kWords)) return {};
  return found->second;
}

void read_breaker(Node const* node, BreakerSettings& breaker) {
  take(node, "enabled", breaker.enabled);
  take(node, "failure_threshold", breaker.failure_threshold);
  take_whole_seconds(node, "recovery_timeout_s", breaker.recovery);
  take(node, "success_threshold", breaker.success_threshold);
  take(node, "probes", breaker.probes);
  take_whole_seconds(node, "window_s", breaker.window);
  take(node, "min_calls", breaker.min_calls);
  take_share(node, "failure_rate", breaker.failure_rate);
  take_ms(node, "slow_ms", breaker.slow);
  take_share(node, "slow_rate", breaker.slow_rate);
}

void read_retry(Node const* node, RetrySettings& retry) {
  take(node, "attempts", retry.attempts);
  take_share(node, "budget", retry.budget);
  take_number_or(node, "attempt_timeout_ms", "auto", retry.attempt_timeout);
  take(node, "idempotent", retry.idempotent);
  take(node, "trust_hints", retry.trust_hints);
}

void read_hedge(Node const* node, HedgeSettings& hedge) {
  take(node, "enabled", hedge.enabled);
  if (auto const after = scalar_at(node, "after")) {
    if (auto const time = parse_duration(*after)) {
      hedge.after = *time;
    } else if (auto const percent = parse_integer(after->substr(std::min<std::size_t>(1, after->size())));
               after->starts_with('p') && percent) {
      hedge.after.reset();
      hedge.percentile = static_cast<double>(*percent) / 100;
    }
  }
  take_share(node, "max", hedge.max);
}

void read_concurrency(Node const* node, ConcurrencySettings& concurrency) {
  take_number_or(node, "limit", "adaptive", concurrency.limit);
  take(node, "queue", concurrency.queue);
  take_ms(node, "queue_timeout_ms", concurrency.queue_timeout);
}

// Steps that name a server which is not there, or the one that has failed, are left out.
std::vector<FallbackStep> read_chain(Node const& list, Node const& root, std::string_view own) {
  std::vector<FallbackStep> chain;
  for (auto const& item : list.items) {
    FallbackStep step;
    if (auto const server = scalar_at(&item, "server")) {
      step.kind = FallbackKind::server;
      step.server = server_meant(root, *server);
      take(&item, "tool", step.tool);
      if (step.server.empty() || step.server == own) continue;
    } else if (auto const message = scalar_at(&item, "message"); message && !message->empty()) {
      step.kind = FallbackKind::message;
      step.message = *message;
    } else if (auto const kind = item.is_scalar() ? kind_of(item.value()) : std::nullopt) {
      step.kind = *kind;
    } else {
      continue;  // reported
    }
    chain.push_back(std::move(step));
  }
  return chain;
}

Node const* list_at(Node const& node, std::string_view key) {
  auto const* found = node.find(key);
  return found != nullptr && found->is_sequence() ? found : nullptr;
}

bool read_hooks(Node const& section, FallbackSettings& fallback) {
  bool said = false;
  auto const hook = [&](std::string_view key, std::optional<FallbackKind>& out) {
    auto const kind = kind_of(scalar_at(&section, key).value_or(""));
    if (!kind) return;
    out = kind;
    said = true;
  };
  hook("on_timeout", fallback.on_timeout);
  hook("on_error", fallback.on_error);
  hook("on_open", fallback.on_open);
  hook("on_rate_limited", fallback.on_rate_limited);
  return said;
}

// What one section says. `own`: a chain of the server's own was read already; its own hooks count before a
// chain that is everybody's.
void read_fallback(Node const& section, Node const& root, std::string_view server, FallbackSettings& out,
                   bool& own) {
  bool const hooks = read_hooks(section, out);
  if (auto const* list = list_at(section, "fallback")) {
    out.explicit_chain = true;
    out.chain = read_chain(*list, root, server);
    own = true;
  } else if (hooks && !own) {
    out.explicit_chain = false;
    out.chain.clear();
  }
}

// The rule of a pattern is what all sections say of it; `fill` adds only what is not said yet.
void read_tools(Node const* map, Node const& root, bool fill, Degradation& out) {
  if (map == nullptr) return;
  for (auto const& member : map->members) {
    auto rule = std::find_if(out.tools.begin(), out.tools.end(),
                             [&](ToolDegradation const& known) { return known.pattern == member.key; });
    if (rule == out.tools.end()) {
      rule = out.tools.insert(out.tools.end(), ToolDegradation{member.key, {}, {}});
    }
    if (!fill || !rule->timeout) take_number_or(&member.value, "timeout_ms", "", rule->timeout);
    auto const* list = list_at(member.value, "fallback");
    if (list == nullptr || (fill && rule->fallback)) continue;
    rule->fallback.emplace();
    rule->fallback->explicit_chain = true;
    rule->fallback->chain = read_chain(*list, root, out.server);
  }
}

void read_section(Node const& section, Environment const& environment, Degradation& out) {
  read_breaker(section_at(&section, "breaker"), out.breaker);
  read_retry(section_at(&section, "retry"), out.retry);
  read_hedge(section_at(&section, "hedge"), out.hedge);
  read_concurrency(section_at(&section, "concurrency"), out.concurrency);
  take(&section, "cache_stale_ok", out.stale_ok);
  take_path(&section, "local_backup_path", out.backup_path, environment);
  take_path(&section, "fallback_standards_path", out.standards_path, environment);
}

Priority priority_of(std::string_view word) {
  return word == "control"      ? Priority::control
         : word == "background" ? Priority::background
                                : Priority::interactive;
}

}  // namespace

std::vector<Node const*> sections_of(Node const& root, std::string_view server) {
  std::vector<Node const*> found;
  auto const* sections = section_at(&root, "degradation");
  if (sections == nullptr) return found;
  for (auto const& section : sections->members) {
    if (section.key != "defaults" && section.value.is_map() && server_meant(root, section.key) == server)
      found.push_back(&section.value);
  }
  return found;
}

Degradation read_degradation(Node const& root, std::string_view server, Environment const& environment) {
  Degradation out;
  out.server = server;
  bool own_chain = false;
  auto const* defaults = section_at(section_at(&root, "degradation"), "defaults");
  if (defaults != nullptr) {
    read_section(*defaults, environment, out);
    read_fallback(*defaults, root, server, out.fallback, own_chain);
    own_chain = false;
  }
  for (auto const* section : sections_of(root, server)) {
    read_section(*section, environment, out);
    read_fallback(*section, root, server, out.fallback, own_chain);
    read_tools(section_at(section, "tools"), root, false, out);
  }
  read_tools(section_at(defaults, "tools"), root, true, out);
  return out;
}

RateLimits read_rates(Node const* limits) {
  RateLimits rates;
  take(limits, "global.rate", rates.global.per_second, parse_rate);
  take(limits, "per_principal.rate", rates.per_principal.per_second, parse_rate);
  take(limits, "per_principal.burst", rates.burst);
  take(limits, "per_principal.daily_calls", rates.daily_calls,
       [](std::string_view text) -> std::optional<std::uint64_t> {
         auto const number = parse_count(text);
         if (!number || *number < 0) return {};
         return static_cast<std::uint64_t>(*number);
       });
  return rates;
}

Shedding read_shedding(Node const* limits) {
  Shedding shedding;
  auto const* node = section_at(limits, "shed");
  if (auto const percent = parse_percent(scalar_at(node, "cpu").value_or(""))) shedding.cpu = *percent / 100;
  if (auto const wait = parse_duration(scalar_at(node, "queue_wait").value_or("")))
    shedding.queue_wait = *wait;
  std::vector<std::string> words;
  take(node, "priority", words);
  std::vector<Priority> order;
  auto const add = [&](Priority priority) {
    if (std::find(order.begin(), order.end(), priority) == order.end()) order.push_back(priority);
  };
  for (auto const& word : words) add(priority_of(word));
  for (auto const priority : shedding.order) add(priority);  // those not named come last
  shedding.order = std::move(order);
  return shedding;
}

}  // namespace weir::config
