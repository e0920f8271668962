#include "cache/cache_policy.hpp"

#include <algorithm>

#include "base/glob.hpp"
#include "mcp/json_cursor.hpp"

namespace weir::cache {

using mcp::Field;
using mcp::Method;

namespace {

bool named_by_operator(Method method) noexcept {
  return method == Method::tools_call || method == Method::prompts_get;
}

bool any_matches(std::vector<std::string> const& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](std::string const& pattern) { return base::glob_matches(pattern, name); });
}

// Revision 2025-11-25: the result would be a task's handle. A name that is spelled with escapes may be it.
bool asks_for_task(core::Call const& call) {
  auto const params = call.request.raw(Field::params);
  if (params.find("\"task\"") == std::string_view::npos && params.find('\\') == std::string_view::npos) {
    return false;
  }
  mcp::JsonCursor cursor(params);
  mcp::JsonValue key;
  for (cursor.enter_object(); cursor.next_member(key); cursor.skip_value()) {
    auto const name = key.inner(params);
    if (name == "task" || name.find('\\') != std::string_view::npos) return true;
  }
  return cursor.failed();
}

// Without a wish of the operator's, a copy is used past its time only for a moment beside its life.
base::Duration revalidation(std::optional<base::Duration> of_operation,
                            std::optional<base::Duration> configured, std::optional<base::Duration> ttl) {
  constexpr base::Duration kMost = std::chrono::seconds{30};
  constexpr int kShare = 10;
  if (of_operation) return *of_operation;
  if (configured) return *configured;
  return ttl ? std::min(kMost, *ttl / kShare) : base::Duration::zero();
}

}  // namespace

OperationRule const* CachePolicy::rule_for(std::string_view operation) const {
  for (auto const& rule : rules_.operations) {
    if (base::glob_matches(rule.pattern, operation)) return &rule;
  }
  return nullptr;
}

std::optional<CacheOrder> CachePolicy::order_for(core::Call const& call, KnownCallers& callers) const {
  if (!rules_.enabled) return std::nullopt;
  bool const by_uri = mcp::traits_of(call.method).cacheable && !call.target.empty();
  if (!by_uri && !named_by_operator(call.method)) return std::nullopt;
  if (call.request.has(Field::input_responses) || call.request.has(Field::request_state)) return std::nullopt;
  CacheOrder order;
  OperationRule const* const rule = by_uri ? nullptr : rule_for(call.target);
  if (by_uri) {
    order.hinted = rules_.honour_hints;
    order.ttl = rules_.ttl;
    if (call.method == Method::resources_read) order.negative = rules_.negative;
    if (!order.hinted && !order.ttl) return std::nullopt;
  } else {
    bool const trusted = rules_.trust_hints && call.method == Method::tools_call && call.says_read_only;
    if (rule == nullptr && !trusted) return std::nullopt;
    if (asks_for_task(call)) return std::nullopt;
    order.ttl = rule != nullptr && rule->ttl ? rule->ttl : rules_.ttl;
    if (!order.ttl) order.ttl = rules_.default_ttl;
    if (*order.ttl <= base::Duration::zero()) return std::nullopt;
    order.shared = rule != nullptr && rule->shared;
  }
  order.stale_while_revalidate =
      rules_.configured ? revalidation(rule != nullptr ? rule->stale_while_revalidate : std::nullopt,
                                       rules_.stale_while_revalidate, order.ttl)
                        : base::Duration::zero();
  order.stale_max = rules_.stale_max;
  order.fresh_only = call.fresh_only;
  static std::vector<std::string> const kNone;
  order.everybody =
      keys_->question(call, rules_.server, rules_.revision, rule != nullptr ? rule->ignored : kNone);
  auto const session = rules_.by_session && call.session ? std::string_view(call.session->id) : "";
  auto const& caller = callers.of(*keys_, *call.principal, rules_.partition, session);
  order.own = within(order.everybody, caller.partition);
  order.labels.server = rules_.server;
  order.labels.operation = by_uri ? std::string(mcp::traits_of(call.method).name) : call.target;
  order.labels.target = by_uri ? call.target : std::string();
  order.labels.who = caller.who;
  return order;
}

bool CachePolicy::updates(core::Call const& call) const {
  if (!rules_.enabled || !rules_.on_update || call.method != Method::tools_call) return false;
  if (any_matches(rules_.updates, call.target)) return true;
  return call.says_writes && rule_for(call.target) == nullptr;  // the operator knows better than the tool
}

std::vector<store::Selection> CachePolicy::touched_by(core::Call const& call) const {
  std::vector<store::Selection> touched;
  if (auto const* const rule = rule_for(call.target)) {
    for (auto const& tag : rule->tags) {
      for (auto& selection : tagged(tag)) touched.push_back(std::move(selection));
    }
  }
  if (touched.empty()) touched.push_back({rules_.server, "", "", ""});
  return touched;
}

std::vector<store::Selection> CachePolicy::tagged(std::string_view tag) const {
  std::vector<store::Selection> found;
  for (auto const& rule : rules_.operations) {
    if (std::find(rule.tags.begin(), rule.tags.end(), tag) == rule.tags.end()) continue;
    found.push_back({rules_.server, rule.pattern, "", ""});
  }
  return found;
}

}  // namespace weir::cache
