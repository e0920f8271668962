#include "bridge/input_request.hpp"

#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::bridge {
namespace {

using mcp::Field;
using mcp::Method;

constexpr int kInternalError = -32603;

}  // namespace

std::string with_members(mcp::Message const& request, std::string_view members) {
  auto const params = request.span(Field::params);
  std::vector<mcp::Span> stale;
  for (Field const field : {Field::input_responses, Field::request_state}) {
    if (request.has(field)) stale.push_back(request.span(field));
  }
  mcp::Splice edits(request.bytes());
  std::string first(members);
  bool const more = request.has(Field::meta) || request.has(Field::name) || request.has(Field::uri);
  if (!first.empty() && more) first += ',';
  edits.insert(params.begin + 1, first);
  edits.erase_members(std::move(stale));
  std::string text;
  edits.append_to(text);
  return text;
}

bool declined(std::string_view input_responses) {
  mcp::JsonCursor cursor(input_responses);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return false;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    mcp::JsonCursor inside(value.span.of(input_responses));
    bool accepted = false;
    for (inside.enter_object(); !inside.failed() && inside.next_member(key) && inside.read_value(value);) {
      auto const action = key.inner(inside.text()) == "action";
      accepted = accepted || (action && value.span.of(inside.text()) == R"("accept")");
    }
    if (!accepted) return true;
  }
  return false;
}

core::Outcome refusal(Method method, std::string_view text) {
  if (method != Method::tools_call) return core::from_error(kInternalError, text);
  std::string result = R"({"content":[{"type":"text","text":)";
  mcp::append_json_string(result, text);
  return core::from_result(result += R"(}],"isError":true})");
}

}  // namespace weir::bridge
