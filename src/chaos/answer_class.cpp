#include "chaos/answer_class.hpp"

#include <algorithm>

#include "mcp/json_cursor.hpp"

namespace weir::chaos {

using mcp::Field;

namespace {

constexpr std::string_view kNames[kAnswerClasses] = {"fresh",        "stale",   "backup",
                                                     "other_server", "default", "error"};
constexpr std::size_t kReasonBytesMax = 32;

std::string_view member(std::string_view object, std::string_view name) {
  mcp::JsonCursor cursor(object, {.depth_max = 64, .nodes_max = ~0U});
  mcp::JsonValue key, value;
  std::string_view found;
  if (mcp::JsonKind kind; !cursor.peek(kind) || kind != mcp::JsonKind::object) return {};
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {  // the last one counts
    if (key.inner(object) == name) found = value.span.of(object);
  }
  return found;
}

// A short word of Weir's as it stands, or "".
std::string word(std::string_view token) {
  if (token.size() < 3 || token.size() > kReasonBytesMax || token.front() != '"') return {};
  auto const inside = token.substr(1, token.size() - 2);
  bool const plain =
      std::all_of(inside.begin(), inside.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain ? std::string(inside) : std::string();
}

}  // namespace

std::string_view token_at(std::string_view object, std::initializer_list<std::string_view> keys) {
  for (auto const key : keys) object = object.empty() ? object : member(object, key);
  return object;
}

std::string_view name_of(AnswerClass of) noexcept { return kNames[static_cast<std::size_t>(of)]; }

bool is_useful(AnswerClass of) noexcept { return of != AnswerClass::standard && of != AnswerClass::error; }

AnswerClass class_of(mcp::Message const& answer) {
  if (answer.kind() != mcp::MessageKind::result) return AnswerClass::error;
  auto const meta = answer.raw(Field::meta);
  if (!token_at(meta, {"io.weir/error"}).empty()) return AnswerClass::error;
  if (answer.raw(Field::is_error) == "true") return AnswerClass::error;
  auto const source = token_at(meta, {"dev.weir/degraded", "source"});
  if (source == R"("stale")") return AnswerClass::stale;
  if (source == R"("backup")") return AnswerClass::backup;
  if (source == R"("server")") return AnswerClass::other_server;
  if (!source.empty()) return AnswerClass::standard;
  auto const cached = token_at(meta, {"dev.weir/cache", "status"});
  return cached == R"("stale")" ? AnswerClass::stale : AnswerClass::fresh;
}

std::string reason_of(mcp::Message const& answer) {
  bool const result = answer.kind() == mcp::MessageKind::result;
  auto const reason = result ? token_at(answer.raw(Field::meta), {"io.weir/error", "reason"})
                             : token_at(answer.raw(Field::error_data), {"reason"});
  if (auto const known = word(reason); !known.empty()) return known;
  return result ? "tool_error" : "server_error";
}

}  // namespace weir::chaos
