// The members of a message that Weir remembers, and where a Message keeps the place of each.
//
// Fields that no kind of message has together share a slot: the three groups after `shared` overlap.
// Constant, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::mcp {

// A place in a message. Comments name the JSON path; P/ stands for io.modelcontextprotocol/.
enum class Field : std::uint8_t {
  // any kind; an error has the id only
  id,
  meta,                      // params._meta or result._meta
  meta_progress_token,       // _meta.progressToken
  meta_protocol_version,     // _meta.P/protocolVersion
  meta_client_capabilities,  // _meta.P/clientCapabilities
  meta_client_info,          // _meta.P/clientInfo
  meta_log_level,            // _meta.P/logLevel
  meta_subscription_id,      // _meta.P/subscriptionId
  meta_server_info,          // _meta.P/serverInfo
  meta_traceparent,
  meta_tracestate,
  protocol_version,  // of initialize: params or result
  capabilities,      // of initialize (params, result) and server/discover (result)
  request_state,     // params or result
  task_id,           // params or result
  // requests and notifications
  method,
  params,
  name,
  uri,
  arguments,
  cursor,
  level,
  progress_token,  // params.progressToken of notifications/progress
  progress,
  request_id,
  input_responses,
  ref,
  ref_type,
  ref_name,
  ref_uri,
  client_info,
  notifications,
  // results
  result,
  result_type,
  supported_versions,
  is_error,
  structured_content,
  next_cursor,
  ttl_ms,
  cache_scope,
  input_requests,
  server_info,
  instructions,
  tools,
  prompts,
  resources,
  resource_templates,
  skills,
  // errors
  error,
  error_code,
  error_message,
  error_data,
};

enum class FieldGroup : std::uint8_t { shared, request, result, error };

constexpr std::size_t number_of(Field field) noexcept { return static_cast<std::size_t>(field); }

constexpr FieldGroup group_of(Field field) noexcept {
  if (field < Field::method) return FieldGroup::shared;
  if (field < Field::result) return FieldGroup::request;
  return field < Field::error ? FieldGroup::result : FieldGroup::error;
}

constexpr std::size_t slot_of(Field field) noexcept {
  constexpr std::size_t shared = number_of(Field::method);
  switch (group_of(field)) {
    case FieldGroup::shared: return number_of(field);
    case FieldGroup::request: return number_of(field);
    case FieldGroup::result: return shared + number_of(field) - number_of(Field::result);
    case FieldGroup::error: return shared + number_of(field) - number_of(Field::error);
  }
  return 0;
}

inline constexpr std::size_t kFieldSlots = 32;  // of every message

}  // namespace weir::mcp
