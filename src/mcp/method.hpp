// The methods of MCP as a table: who may use them, what routes them and what may be done with them.
//
// One row per request or notification of any revision, from their schemas. Constant, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::mcp {

enum class Method : std::uint8_t {
  unknown,
  // client to server
  server_discover,
  initialize,
  ping,
  tools_list,
  tools_call,
  prompts_list,
  prompts_get,
  resources_list,
  resources_templates_list,
  resources_read,
  resources_subscribe,
  resources_unsubscribe,
  subscriptions_listen,
  completion_complete,
  logging_set_level,
  tasks_get,
  tasks_update,
  tasks_cancel,
  tasks_list,
  tasks_result,
  skills_list,
  skills_get,
  resources_directory_read,
  // server to client
  elicitation_create,
  sampling_create_message,
  roots_list,
  // notifications
  notifications_initialized,
  notifications_cancelled,
  notifications_progress,
  notifications_message,
  notifications_tools_list_changed,
  notifications_prompts_list_changed,
  notifications_resources_list_changed,
  notifications_resources_updated,
  notifications_roots_list_changed,
  notifications_subscriptions_acknowledged,
  notifications_elicitation_complete,
  notifications_tasks_status,
  notifications_tasks,
};
inline constexpr std::size_t kMethodCount = static_cast<std::size_t>(Method::notifications_tasks) + 1;

enum class RoutedBy : std::uint8_t {
  none,
  name,
  uri,
  task_id
};  // the member of params that names the target

struct MethodTraits {
  std::string_view name;  // as on the wire; empty for unknown
  bool legacy = false;    // exists in revisions up to 2025-11-25
  bool modern = false;    // exists in 2026-07-28 or its extensions
  RoutedBy routed_by = RoutedBy::none;
  bool needs_mcp_name = false;  // modern HTTP: the header Mcp-Name is mandatory
  bool safe = false;            // reads only, or may be repeated without harm
  bool list = false;            // paged by cursor and nextCursor
  bool cacheable = false;       // complete modern results carry ttlMs and cacheScope (P089)
  bool to_client = false;       // a request that a legacy server may send to its client
  bool notification = false;
};

MethodTraits const& traits_of(Method method) noexcept;
Method find_method(std::string_view name) noexcept;  // Method::unknown if there is none

}  // namespace weir::mcp
