#include "mcp/field_table.hpp"

#include "mcp/key_table.hpp"

namespace weir::mcp {
namespace {

template <std::size_t N>
consteval auto table(NamedValue<Field> const (&rows)[N]) {
  return KeyTable<Field, N>(std::to_array(rows));
}

constexpr auto kEnvelope = table({{"id", Field::id},
                                  {"method", Field::method},
                                  {"params", Field::params},
                                  {"result", Field::result},
                                  {"error", Field::error}});

constexpr auto kParams = table({{"_meta", Field::meta},
                                {"name", Field::name},
                                {"uri", Field::uri},
                                {"arguments", Field::arguments},
                                {"cursor", Field::cursor},
                                {"level", Field::level},
                                {"progressToken", Field::progress_token},
                                {"progress", Field::progress},
                                {"requestId", Field::request_id},
                                {"inputResponses", Field::input_responses},
                                {"requestState", Field::request_state},
                                {"ref", Field::ref},
                                {"protocolVersion", Field::protocol_version},
                                {"capabilities", Field::capabilities},
                                {"clientInfo", Field::client_info},
                                {"notifications", Field::notifications},
                                {"taskId", Field::task_id}});

constexpr auto kResult = table({{"_meta", Field::meta},
                                {"resultType", Field::result_type},
                                {"supportedVersions", Field::supported_versions},
                                {"isError", Field::is_error},
                                {"nextCursor", Field::next_cursor},
                                {"structuredContent", Field::structured_content},
                                {"ttlMs", Field::ttl_ms},
                                {"cacheScope", Field::cache_scope},
                                {"requestState", Field::request_state},
                                {"inputRequests", Field::input_requests},
                                {"protocolVersion", Field::protocol_version},
                                {"capabilities", Field::capabilities},
                                {"serverInfo", Field::server_info},
                                {"instructions", Field::instructions},
                                {"taskId", Field::task_id},
                                {"tools", Field::tools},
                                {"prompts", Field::prompts},
                                {"resources", Field::resources},
                                {"resourceTemplates", Field::resource_templates},
                                {"skills", Field::skills}});

constexpr auto kMeta = table({{"progressToken", Field::meta_progress_token},
                              {"io.modelcontextprotocol/protocolVersion", Field::meta_protocol_version},
                              {"io.modelcontextprotocol/clientCapabilities", Field::meta_client_capabilities},
                              {"io.modelcontextprotocol/clientInfo", Field::meta_client_info},
                              {"io.modelcontextprotocol/logLevel", Field::meta_log_level},
                              {"io.modelcontextprotocol/subscriptionId", Field::meta_subscription_id},
                              {"io.modelcontextprotocol/serverInfo", Field::meta_server_info},
                              {"traceparent", Field::meta_traceparent},
                              {"tracestate", Field::meta_tracestate}});

constexpr auto kRef = table({{"type", Field::ref_type}, {"name", Field::ref_name}, {"uri", Field::ref_uri}});

constexpr auto kError =
    table({{"code", Field::error_code}, {"message", Field::error_message}, {"data", Field::error_data}});

}  // namespace

char const* name_of(Place place) noexcept {
  switch (place) {
    case Place::envelope: return "the message";
    case Place::params: return "params";
    case Place::result: return "result";
    case Place::meta: return "_meta";
    case Place::ref: return "ref";
    case Place::error: return "error";
  }
  return "the message";
}

Field const* find_field(Place place, std::string_view key) noexcept {
  switch (place) {
    case Place::envelope: return kEnvelope.find(key);
    case Place::params: return kParams.find(key);
    case Place::result: return kResult.find(key);
    case Place::meta: return kMeta.find(key);
    case Place::ref: return kRef.find(key);
    case Place::error: return kError.find(key);
  }
  return nullptr;
}

}  // namespace weir::mcp
