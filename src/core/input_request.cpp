#include "core/input_request.hpp"

#include "mcp/json_cursor.hpp"

namespace weir::core {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

bool read_one(std::string_view object, InputRequest& request) {
  mcp::JsonCursor cursor(object);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return false;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(object) == "method" && value.kind == JsonKind::string) {
      request.method = mcp::find_method(value.inner(object));
    }
    if (key.inner(object) == "params" && value.kind == JsonKind::object)
      request.params = value.span.of(object);
  }
  return !cursor.failed() && mcp::traits_of(request.method).to_client && request.method != Method::ping;
}

}  // namespace

bool takes_input(Method method) noexcept {
  return method == Method::tools_call || method == Method::prompts_get || method == Method::resources_read;
}

std::optional<std::vector<InputRequest>> read_input_requests(std::string_view input_requests) {
  std::vector<InputRequest> found;
  if (input_requests.empty()) return found;
  mcp::JsonCursor cursor(input_requests);
  mcp::JsonValue key, value;
  JsonKind kind{};
  if (!cursor.peek(kind) || kind != JsonKind::object || !cursor.enter_object()) return std::nullopt;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    InputRequest one;
    one.key = key.span.of(input_requests);
    bool const fits = found.size() < kQuestionsMax && value.kind == JsonKind::object;
    if (!fits || !read_one(value.span.of(input_requests), one)) return std::nullopt;
    found.push_back(std::move(one));
  }
  if (cursor.failed()) return std::nullopt;
  return found;
}

std::optional<std::vector<InputRequest>> questions_of(mcp::Message const& result) {
  auto questions = read_input_requests(result.raw(Field::input_requests));
  bool const goes_on =
      questions && (!questions->empty() || result.is(Field::request_state, JsonKind::string));
  if (!goes_on) return std::nullopt;
  return questions;
}

}  // namespace weir::core
