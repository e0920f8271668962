#include "upstream/modern_client.hpp"

#include <utility>

#include "core/client_capabilities.hpp"
#include "core/input_request.hpp"
#include "core/outcome.hpp"
#include "mcp/json_cursor.hpp"
#include "upstream/answer_edits.hpp"
#include "upstream/request_meta.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;
using mcp::JsonKind;

constexpr int kMissingCapability = -32021;
constexpr std::int64_t kUrlElicitationRequired = -32042;
constexpr std::size_t kPagesMax = 16;

void erase_present(mcp::Message const& message, std::initializer_list<Field> fields, mcp::Splice& edits) {
  std::vector<mcp::Span> gone;
  for (Field const field : fields) {
    if (message.has(field)) gone.push_back(message.span(field));
  }
  edits.erase_members(std::move(gone));
}

// One entry of data.elicitations as a question, without the id that only a legacy client may wait for.
std::string page_question(std::string_view elicitation) {
  std::string params;
  mcp::JsonCursor cursor(elicitation);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return {};
  while (cursor.next_member(key) && cursor.read_value(value)) {
    auto const name = key.inner(elicitation);
    if (name == "elicitationId") continue;
    params.append(params.empty() ? "{\"" : ",\"")
        .append(name)
        .append("\":")
        .append(value.span.of(elicitation));
  }
  if (params.empty() || cursor.failed()) return {};
  return R"({"method":"elicitation/create","params":)" + params + "}}";
}

// The result that asks for the pages of error -32042; "" if it names none.
std::string pages_to_open(std::string_view data) {
  std::string entries;
  mcp::JsonCursor cursor(data);
  mcp::JsonValue key, value;
  JsonKind kind{};
  if (!cursor.peek(kind) || kind != JsonKind::object || !cursor.enter_object()) return {};
  while (cursor.next_member(key)) {
    bool const list = key.inner(data) == "elicitations" && cursor.peek(kind) && kind == JsonKind::array;
    if (!list) {
      if (!cursor.skip_value()) return {};
      continue;
    }
    cursor.enter_array();
    for (std::size_t i = 0; cursor.next_element() && cursor.read_value(value);) {
      auto const question = page_question(value.span.of(data));
      if (question.empty() || i == kPagesMax) continue;
      entries.append(entries.empty() ? "\"url" : ",\"url").append(std::to_string(++i)).append("\":");
      entries.append(question);
    }
  }
  if (entries.empty()) return {};
  return R"({"resultType":"input_required","inputRequests":{)" + entries + "}}";
}

core::Outcome modern_error(core::Call const& call, mcp::Message message) {
  auto const code = message.integer(Field::error_code).value_or(0);
  if (code == kUrlElicitationRequired && core::takes_input(call.method)) {
    auto const pages = pages_to_open(message.raw(Field::error_data));
    if (!pages.empty() && core::ClientCapabilities::of(call).url) return core::from_result(pages);
    if (!pages.empty()) {
      return core::from_error(kMissingCapability, "The server wants a page to be opened",
                              R"({"requiredCapabilities":{"elicitation":{"url":{}}}})");
    }
  }
  mcp::Splice edits(message.bytes());
  auto const shown = code == -32002 ? std::string_view("-32602") : code_for_any_client(code);
  if (!shown.empty()) edits.replace(message.span(Field::error_code), shown);
  return core::Outcome{std::move(message), std::move(edits)};
}

}  // namespace

void strip_envelope(core::Call const& call, std::string_view token, mcp::Splice& edits) {
  auto const& message = call.request;
  erase_present(message,
                {Field::meta_protocol_version, Field::meta_client_capabilities, Field::meta_client_info,
                 Field::meta_log_level, Field::meta_subscription_id},
                edits);
  erase_present(message, {Field::input_responses, Field::request_state}, edits);
  if (message.has(Field::meta_progress_token)) {
    edits.replace_owned(message.span(Field::meta_progress_token), token);
  }
  put_trace(call, edits);
}

core::Outcome for_modern_client(core::Call const& call, mcp::Message message) {
  if (message.kind() == mcp::MessageKind::error) return modern_error(call, std::move(message));
  mcp::Splice edits(message.bytes());
  complete_result(call.method, message, edits);
  return core::Outcome{std::move(message), std::move(edits)};
}

}  // namespace weir::upstream
