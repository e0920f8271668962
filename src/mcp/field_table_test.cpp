#include "mcp/field_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::mcp {
namespace {

struct Row {
  std::string path;  // keys from the message down, separated by blanks
  Field field;
};

std::vector<Row> const kRows{
    {"params name", Field::name},
    {"params uri", Field::uri},
    {"params arguments", Field::arguments},
    {"params cursor", Field::cursor},
    {"params level", Field::level},
    {"params progressToken", Field::progress_token},
    {"params progress", Field::progress},
    {"params requestId", Field::request_id},
    {"params inputResponses", Field::input_responses},
    {"params requestState", Field::request_state},
    {"params ref", Field::ref},
    {"params ref type", Field::ref_type},
    {"params ref name", Field::ref_name},
    {"params ref uri", Field::ref_uri},
    {"params protocolVersion", Field::protocol_version},
    {"params capabilities", Field::capabilities},
    {"params clientInfo", Field::client_info},
    {"params notifications", Field::notifications},
    {"params taskId", Field::task_id},
    {"params _meta", Field::meta},
    {"params _meta progressToken", Field::meta_progress_token},
    {"params _meta io.modelcontextprotocol/protocolVersion", Field::meta_protocol_version},
    {"params _meta io.modelcontextprotocol/clientCapabilities", Field::meta_client_capabilities},
    {"params _meta io.modelcontextprotocol/clientInfo", Field::meta_client_info},
    {"params _meta io.modelcontextprotocol/logLevel", Field::meta_log_level},
    {"params _meta io.modelcontextprotocol/subscriptionId", Field::meta_subscription_id},
    {"params _meta traceparent", Field::meta_traceparent},
    {"params _meta tracestate", Field::meta_tracestate},
    {"result resultType", Field::result_type},
    {"result supportedVersions", Field::supported_versions},
    {"result isError", Field::is_error},
    {"result structuredContent", Field::structured_content},
    {"result nextCursor", Field::next_cursor},
    {"result ttlMs", Field::ttl_ms},
    {"result cacheScope", Field::cache_scope},
    {"result requestState", Field::request_state},
    {"result inputRequests", Field::input_requests},
    {"result protocolVersion", Field::protocol_version},
    {"result capabilities", Field::capabilities},
    {"result serverInfo", Field::server_info},
    {"result instructions", Field::instructions},
    {"result taskId", Field::task_id},
    {"result tools", Field::tools},
    {"result prompts", Field::prompts},
    {"result resources", Field::resources},
    {"result resourceTemplates", Field::resource_templates},
    {"result skills", Field::skills},
    {"result _meta", Field::meta},
    {"result _meta io.modelcontextprotocol/serverInfo", Field::meta_server_info},
    {"result _meta io.modelcontextprotocol/subscriptionId", Field::meta_subscription_id},
    {"error data", Field::error_data},
};

// {"a":{"b":["v"]}} of "a b".
std::string nested(std::string const& path) {
  auto const blank = path.find(' ');
  auto const rest = blank == std::string::npos ? R"(["v"])" : "{" + nested(path.substr(blank + 1)) + "}";
  return "\"" + path.substr(0, blank) + "\":" + rest;
}

std::string message_with(std::string const& path) {
  if (path.starts_with("params")) return R"({"jsonrpc":"2.0","method":"x",)" + nested(path) + "}";
  if (path.starts_with("result")) return R"({"jsonrpc":"2.0","id":1,)" + nested(path) + "}";
  return R"({"jsonrpc":"2.0","error":{"code":1,"message":"m","data":["v"]}})";
}

TEST(FieldTable, RemembersEachMemberAtItsPathOnly) {
  for (auto const& [path, field] : kRows) {
    auto const message = decode(message_with(path));
    ASSERT_TRUE(message.has_value()) << path << ": " << message.error().sentence;
    EXPECT_EQ(message->raw(field), R"(["v"])") << path;
    for (std::size_t i = 0; i <= number_of(Field::error_data); ++i) {
      bool const is_value = message->raw(static_cast<Field>(i)) == R"(["v"])";
      EXPECT_EQ(is_value, i == number_of(field)) << path << ' ' << i;
    }
  }
}

TEST(FieldTable, GivesEveryFieldARow) {
  for (std::size_t i = 0; i <= number_of(Field::error_data); ++i) {
    auto const field = static_cast<Field>(i);
    bool const of_envelope = field == Field::id || field == Field::method || field == Field::params ||
                             field == Field::result || field == Field::error || field == Field::error_code ||
                             field == Field::error_message;
    bool listed = false;
    for (auto const& row : kRows) listed = listed || row.field == field;
    EXPECT_NE(of_envelope, listed) << i;
  }
}

TEST(FieldTable, SharesNoSlotWithinOneKindOfMessage) {
  for (std::size_t i = 0; i <= number_of(Field::error_data); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      auto const a = static_cast<Field>(i);
      auto const b = static_cast<Field>(k);
      bool const together = group_of(a) == group_of(b) || group_of(a) == FieldGroup::shared ||
                            group_of(b) == FieldGroup::shared;
      if (together) {
        EXPECT_NE(slot_of(a), slot_of(b)) << i << ' ' << k;
      }
    }
  }
}

}  // namespace
}  // namespace weir::mcp
