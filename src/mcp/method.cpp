#include "mcp/method.hpp"

#include "base/assert.hpp"
#include "mcp/key_table.hpp"

namespace weir::mcp {
namespace {

using enum RoutedBy;

enum Mark : unsigned {
  L = 1,        // legacy
  M = 2,        // modern
  named = 4,    // needs Mcp-Name
  safe = 8,     // to repeat
  paged = 16,   // a list
  cached = 32,  // carries cache hints
  client = 64,  // may go to the client
};

consteval MethodTraits row(std::string_view wire_name, unsigned marks, RoutedBy routed_by = none) {
  return {.name = wire_name,
          .legacy = (marks & L) != 0,
          .modern = (marks & M) != 0,
          .routed_by = routed_by,
          .needs_mcp_name = (marks & named) != 0,
          .safe = (marks & safe) != 0,
          .list = (marks & paged) != 0,
          .cacheable = (marks & cached) != 0,
          .to_client = (marks & client) != 0,
          .notification = wire_name.starts_with("notifications/")};
}

// In the order of enum Method.
constexpr std::array<MethodTraits, kMethodCount> kTraits{{
    {},
    row("server/discover", M | safe | cached),
    row("initialize", L),
    row("ping", L | safe | client),
    row("tools/list", L | M | safe | paged | cached),
    row("tools/call", L | M | named, name),
    row("prompts/list", L | M | safe | paged | cached),
    row("prompts/get", L | M | named | safe, name),
    row("resources/list", L | M | safe | paged | cached),
    row("resources/templates/list", L | M | safe | paged | cached),
    row("resources/read", L | M | named | safe | cached, uri),
    row("resources/subscribe", L | safe, uri),
    row("resources/unsubscribe", L | safe, uri),
    row("subscriptions/listen", M | safe),
    row("completion/complete", L | M | safe),
    row("logging/setLevel", L | safe),
    row("tasks/get", L | M | named | safe, task_id),
    row("tasks/update", M | named | safe, task_id),
    row("tasks/cancel", L | M | named | safe, task_id),
    row("tasks/list", L | safe | paged),
    row("tasks/result", L | safe, task_id),
    row("skills/list", M | safe | paged | cached),
    row("skills/get", M | safe | cached, uri),
    row("resources/directory/read", M | safe, uri),
    row("elicitation/create", L | client),
    row("sampling/createMessage", L | client),
    row("roots/list", L | safe | client),
    row("notifications/initialized", L),
    row("notifications/cancelled", L | M),
    row("notifications/progress", L | M),
    row("notifications/message", L | M),
    row("notifications/tools/list_changed", L | M),
    row("notifications/prompts/list_changed", L | M),
    row("notifications/resources/list_changed", L | M),
    row("notifications/resources/updated", L | M, uri),
    row("notifications/roots/list_changed", L),
    row("notifications/subscriptions/acknowledged", M),
    row("notifications/elicitation/complete", L),
    row("notifications/tasks/status", L, task_id),
    row("notifications/tasks", M, task_id),
}};

consteval auto names() {
  std::array<NamedValue<Method>, kMethodCount - 1> rows{};
  for (std::size_t i = 1; i < kMethodCount; ++i) rows[i - 1] = {kTraits[i].name, static_cast<Method>(i)};
  return rows;
}

constexpr KeyTable kNames(names());

}  // namespace

MethodTraits const& traits_of(Method method) noexcept {
  auto const row = static_cast<std::size_t>(method);
  WEIR_ASSERT(row < kTraits.size());
  return kTraits[row];
}

Method find_method(std::string_view name) noexcept {
  Method const* const found = kNames.find(name);
  return found != nullptr ? *found : Method::unknown;
}

}  // namespace weir::mcp
