// Wire samples of every revision (test/golden/<revision>/): each decodes to exactly
// these members, and every file is checked by a row.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "mcp/field_table.hpp"
#include "mcp/message.hpp"

namespace weir::mcp {
namespace {

struct Expected {
  Field field;
  std::string_view token;  // ends in …: only its beginning
};

struct Sample {
  std::string_view file;
  MessageKind kind;
  Method method;
  std::vector<Expected> members;
};

using enum Field;

constexpr std::string_view kModern = "\"2026-07-28\"";
constexpr std::string_view kCapabilities = R"({"elicitation":{"form":{}}})";

std::vector<Sample> const kSamples{
    {"2026-07-28/discover",
     MessageKind::request,
     Method::server_discover,
     {{id, "\"d1\""},
      {params, "{…"},
      {meta, "{…"},
      {meta_protocol_version, kModern},
      {meta_client_capabilities, kCapabilities},
      {method, "\"server/discover\""}}},
    {"2026-07-28/discover_result",
     MessageKind::result,
     Method::unknown,
     {{id, "\"d1\""},
      {result, "{…"},
      {result_type, "\"complete\""},
      {supported_versions, R"(["2026-07-28","2025-11-25"])"},
      {capabilities, R"({"tools":{"listChanged":true}})"},
      {ttl_ms, "60000"},
      {cache_scope, "\"private\""},
      {meta, "{…"},
      {meta_server_info, R"({"name":"gw","version":"1"})"}}},
    {"2026-07-28/bad_version",
     MessageKind::error,
     Method::unknown,
     {{id, "1"},
      {error, "{…"},
      {error_code, "-32022"},
      {error_message, "\"unsupported protocol version\""},
      {error_data, R"({"supported":["2026-07-28"],"requested":"2099-01-01"})"}}},
    {"2026-07-28/header_mismatch",
     MessageKind::error,
     Method::unknown,
     {{id, "1"}, {error, "{…"}, {error_code, "-32020"}, {error_message, "\"Mcp-Name…"}}},
    {"2026-07-28/missing_capability",
     MessageKind::error,
     Method::unknown,
     {{id, "1"},
      {error, "{…"},
      {error_code, "-32021"},
      {error_message, "\"elicitation is required\""},
      {error_data, R"({"requiredCapabilities":{"elicitation":{"form":{}}}})"}}},
    {"2026-07-28/unknown_method",
     MessageKind::error,
     Method::unknown,
     {{id, "1"}, {error, "{…"}, {error_code, "-32601"}, {error_message, "\"no such method\""}}},
    {"2026-07-28/unreadable_id",
     MessageKind::error,
     Method::unknown,
     {{error, "{…"}, {error_code, "-32700"}, {error_message, "\"not JSON\""}}},
    {"2026-07-28/call",
     MessageKind::request,
     Method::tools_call,
     {{id, "9007199254740993"},
      {method, "\"tools/call\""},
      {params, "{…"},
      {name, "\"search\""},
      {arguments, R"({"q":"weir","n":1.50})"},
      {meta, "{…"},
      {meta_progress_token, "\"p-1\""},
      {meta_traceparent, "\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\""},
      {meta_tracestate, "\"a=b\""},
      {meta_protocol_version, kModern},
      {meta_client_capabilities, kCapabilities},
      {meta_client_info, R"({"name":"c","version":"1"})"},
      {meta_log_level, "\"info\""}}},
    {"2026-07-28/call_result",
     MessageKind::result,
     Method::unknown,
     {{id, "9007199254740993"},
      {result, "{…"},
      {result_type, "\"complete\""},
      {is_error, "false"},
      {structured_content, "[1,2]"}}},
    {"2026-07-28/input_required",
     MessageKind::result,
     Method::unknown,
     {{id, "1"},
      {result, "{…"},
      {result_type, "\"input_required\""},
      {input_requests, R"({"k1":{"method":"elicitation/create",…)"},
      {request_state, "\"opaque\""}}},
    {"2026-07-28/retry",
     MessageKind::request,
     Method::tools_call,
     {{id, "2"},
      {method, "\"tools/call\""},
      {params, "{…"},
      {name, "\"search\""},
      {arguments, "{}"},
      {input_responses, R"({"k1":{"action":"accept","content":{"n":"x"}}})"},
      {request_state, "\"opaque\""},
      {meta, "{…"},
      {meta_protocol_version, kModern},
      {meta_client_capabilities, kCapabilities}}},
    {"2026-07-28/listen",
     MessageKind::request,
     Method::subscriptions_listen,
     {{id, "7"},
      {method, "\"subscriptions/listen\""},
      {params, "{…"},
      {notifications, R"({"toolsListChanged":true,"resourceSubscriptions":["file:///a"]})"},
      {meta, "{…"},
      {meta_protocol_version, kModern},
      {meta_client_capabilities, kCapabilities}}},
    {"2026-07-28/listen_ack",
     MessageKind::notification,
     Method::notifications_subscriptions_acknowledged,
     {{method, "\"notifications/subscriptions/acknowledged\""},
      {params, "{…"},
      {notifications, R"({"toolsListChanged":true})"},
      {meta, "{…"},
      {meta_subscription_id, "7"}}},
    {"2026-07-28/listen_event",
     MessageKind::notification,
     Method::notifications_tools_list_changed,
     {{method, "\"notifications/tools/list_changed\""},
      {params, "{…"},
      {meta, "{…"},
      {meta_subscription_id, "7"}}},
    {"2026-07-28/listen_end",
     MessageKind::result,
     Method::unknown,
     {{id, "7"}, {result, "{…"}, {result_type, "\"complete\""}, {meta, "{…"}, {meta_subscription_id, "7"}}},
    {"2026-07-28/task_handle",
     MessageKind::result,
     Method::unknown,
     {{id, "3"}, {result, "{…"}, {result_type, "\"task\""}, {task_id, "\"t-1\""}, {ttl_ms, "60000"}}},
    {"2026-07-28/task_get",
     MessageKind::request,
     Method::tasks_get,
     {{id, "4"},
      {method, "\"tasks/get\""},
      {params, "{…"},
      {task_id, "\"t-1\""},
      {meta, "{…"},
      {meta_protocol_version, kModern},
      {meta_client_capabilities, kCapabilities}}},
    {"2026-07-28/list_page",
     MessageKind::result,
     Method::unknown,
     {{id, "5"},
      {result, "{…"},
      {result_type, "\"complete\""},
      {tools, "[{…"},
      {next_cursor, "\"\""},
      {ttl_ms, "0"},
      {cache_scope, "\"public\""}}},
    {"2026-07-28/progress",
     MessageKind::notification,
     Method::notifications_progress,
     {{method, "\"notifications/progress\""},
      {params, "{…"},
      {progress_token, "\"p-1\""},
      {progress, "0.5"}}},
    {"2025-11-25/initialize",
     MessageKind::request,
     Method::initialize,
     {{id, "0"},
      {method, "\"initialize\""},
      {params, "{…"},
      {protocol_version, "\"2025-11-25\""},
      {capabilities, R"({"elicitation":{}})"},
      {client_info, R"({"name":"c","version":"1"})"}}},
    {"2025-11-25/initialize_result",
     MessageKind::result,
     Method::unknown,
     {{id, "0"},
      {result, "{…"},
      {protocol_version, "\"2025-11-25\""},
      {capabilities, R"({"tools":{}})"},
      {server_info, R"({"name":"s","version":"1"})"},
      {instructions, R"("Ask \ud83d politely")"}}},
    {"2025-11-25/server_request",
     MessageKind::request,
     Method::elicitation_create,
     {{id, "\"gw-9\""}, {method, "\"elicitation/create\""}, {params, "{…"}}},
    {"2025-11-25/client_answer", MessageKind::result, Method::unknown, {{id, "\"gw-9\""}, {result, "{…"}}},
    {"2025-11-25/task_handle", MessageKind::result, Method::unknown, {{id, "4"}, {result, "{…"}}},
    {"2025-11-25/url_elicitation",
     MessageKind::error,
     Method::unknown,
     {{id, "5"},
      {error, "{…"},
      {error_code, "-32042"},
      {error_message, "\"sign in first\""},
      {error_data, R"({"elicitations":[{…)"}}},
    {"2025-06-18/initialized",
     MessageKind::notification,
     Method::notifications_initialized,
     {{method, "\"notifications/initialized\""}}},
    {"2025-06-18/structured_result",
     MessageKind::result,
     Method::unknown,
     {{id, "2"}, {result, "{…"}, {structured_content, R"({"n":1})"}}},
    {"2025-06-18/complete",
     MessageKind::request,
     Method::completion_complete,
     {{id, "3"},
      {method, "\"completion/complete\""},
      {params, "{…"},
      {ref, "{…"},
      {ref_type, "\"ref/prompt\""},
      {ref_name, "\"greet\""}}},
    {"2025-03-26/set_level",
     MessageKind::request,
     Method::logging_set_level,
     {{id, "6"}, {method, "\"logging/setLevel\""}, {params, "{…"}, {level, "\"warning\""}}},
    {"2024-11-05/read",
     MessageKind::request,
     Method::resources_read,
     {{id, "8"}, {method, "\"resources/read\""}, {params, "{…"}, {uri, "\"file:///a\""}}},
    {"2024-11-05/not_found",
     MessageKind::error,
     Method::unknown,
     {{id, "8"},
      {error, "{…"},
      {error_code, "-32002"},
      {error_message, "\"Resource not found\""},
      {error_data, R"({"uri":"file:///a"})"}}},
    {"2024-11-05/null_id",
     MessageKind::error,
     Method::unknown,
     {{error, "{…"}, {error_code, "-32700"}, {error_message, "\"Parse error\""}}},
    {"2024-11-05/resource_updated",
     MessageKind::notification,
     Method::notifications_resources_updated,
     {{method, "\"notifications/resources/updated\""}, {params, "{…"}, {uri, "\"file:///a\""}}},
};

std::filesystem::path golden() { return std::filesystem::path(WEIR_SOURCE_DIR) / "test/golden"; }

std::string text_of_file(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  EXPECT_TRUE(file.good()) << path;
  return all.str();
}

void expect_token(std::string_view actual, std::string_view expected, std::string const& where) {
  constexpr std::string_view kMore = "…";
  if (expected.ends_with(kMore)) {
    expected.remove_suffix(kMore.size());
    EXPECT_TRUE(actual.starts_with(expected)) << where << ": " << actual;
  } else {
    EXPECT_EQ(actual, expected) << where;
  }
}

TEST(GoldenMessages, DecodeToExactlyTheirMembers) {
  for (auto const& sample : kSamples) {
    auto const text = text_of_file(golden() / (std::string(sample.file) + ".json"));
    auto const message = decode(text);
    ASSERT_TRUE(message.has_value()) << sample.file << ": " << message.error().sentence;
    EXPECT_EQ(message->kind(), sample.kind) << sample.file;
    EXPECT_EQ(message->method(), sample.method) << sample.file;
    EXPECT_EQ(message->bytes(), text) << sample.file;
    for (std::size_t i = 0; i <= number_of(Field::error_data); ++i) {
      auto const field = static_cast<Field>(i);
      auto const row = std::find_if(sample.members.begin(), sample.members.end(),
                                    [&](Expected const& member) { return member.field == field; });
      auto const where = std::string(sample.file) + " field " + std::to_string(i);
      expect_token(message->raw(field), row == sample.members.end() ? "" : row->token, where);
    }
  }
}

TEST(GoldenMessages, AreAllCheckedByARow) {
  std::size_t files = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(golden())) {
    if (!entry.is_regular_file() || entry.path().stem() == "batch") continue;
    ++files;
    auto const name = entry.path().parent_path().filename().string() + "/" + entry.path().stem().string();
    EXPECT_TRUE(std::any_of(kSamples.begin(), kSamples.end(), [&](Sample const& row) {
      return row.file == name;
    })) << name;
  }
  EXPECT_EQ(files, kSamples.size());
}

// P022, P023: an array is a message only for revision 2025-03-26, and then it is split.
TEST(GoldenMessages, SplitABatchIntoItsMessages) {
  auto const text = text_of_file(golden() / "2025-03-26/batch.json");
  auto const refused = decode(text);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, DecodeFault::batch);
  EXPECT_EQ(refused.error().bytes, text);
  auto const elements = split_batch(text);
  ASSERT_TRUE(elements.has_value());
  ASSERT_EQ(elements->size(), 2u);
  auto const first = decode(std::string((*elements)[0].of(text)));
  auto const second = decode(std::string((*elements)[1].of(text)));
  EXPECT_EQ(first->method(), Method::ping);
  EXPECT_EQ(second->method(), Method::notifications_cancelled);
  EXPECT_EQ(second->raw(Field::request_id), "1");
}

}  // namespace
}  // namespace weir::mcp
