#include "upstream/answer_edits.hpp"

#include <string>

#include "mcp/json_cursor.hpp"

namespace weir::upstream {

using mcp::Field;
using mcp::Method;
using mcp::Span;

namespace {

constexpr std::size_t kValuesMax = 100;

void put(mcp::Message const& message, Field field, std::string_view key, std::string_view value,
         mcp::Splice& edits) {
  if (message.has(field)) {
    edits.replace(message.span(field), value);
  } else {
    edits.insert_member(message.span(Field::result), key, value);
  }
}

// Where the value of a member of the object at `object` stands; empty if it has no such member.
Span member_at(std::string_view bytes, Span object, std::string_view name) {
  Span found;
  mcp::JsonCursor cursor(object.of(bytes));
  mcp::JsonValue key, value;
  if (!object.of(bytes).starts_with('{') || !cursor.enter_object()) return found;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(cursor.text()) != name) continue;
    found = {object.begin + value.span.begin, object.begin + value.span.end};
  }
  return found;
}

}  // namespace

void complete_result(Method method, mcp::Message const& message, mcp::Splice& edits) {
  std::string scratch;
  auto const type = message.text(Field::result_type, scratch);
  if (type.empty()) edits.insert_member(message.span(Field::result), "resultType", R"("complete")");
  if (!mcp::traits_of(method).cacheable || (!type.empty() && type != "complete")) return;
  if (message.integer(Field::ttl_ms).value_or(-1) < 0) put(message, Field::ttl_ms, "ttlMs", "0", edits);
  auto const scope = message.text(Field::cache_scope, scratch);
  if (scope != "public" && scope != "private") {
    put(message, Field::cache_scope, "cacheScope", R"("private")", edits);
  }
}

void cut_completion(mcp::Message const& message, mcp::Splice& edits) {
  auto const bytes = message.bytes();
  auto const completion = member_at(bytes, message.span(Field::result), "completion");
  if (completion.empty()) return;
  auto const values = member_at(bytes, completion, "values");
  if (!values.of(bytes).starts_with('[')) return;
  mcp::JsonCursor cursor(values.of(bytes));
  mcp::JsonValue value;
  std::size_t count = 0;
  std::uint32_t fits_until = 0, last = 0;
  for (cursor.enter_array(); cursor.next_element() && cursor.read_value(value);) {
    last = value.span.end;
    if (++count == kValuesMax) fits_until = last;
  }
  if (count <= kValuesMax) return;
  edits.erase({values.begin + fits_until, values.begin + last});
  auto const more = member_at(bytes, completion, "hasMore");
  if (more.empty()) {
    edits.insert_member(completion, "hasMore", "true");
  } else {
    edits.replace(more, "true");
  }
}

std::string_view code_for_any_client(std::int64_t code) noexcept {
  bool const reserved = code == -32042 || (code <= -32020 && code >= -32099);
  return reserved ? "-32603" : std::string_view();
}

}  // namespace weir::upstream
