#include "upstream/answer_edits.hpp"

#include <string>

namespace weir::upstream {

using mcp::Field;
using mcp::Method;

namespace {

void put(mcp::Message const& message, Field field, std::string_view key, std::string_view value,
         mcp::Splice& edits) {
  if (message.has(field)) {
    edits.replace(message.span(field), value);
  } else {
    edits.insert_member(message.span(Field::result), key, value);
  }
}

}  // namespace

bool takes_input(Method method) noexcept {
  return method == Method::tools_call || method == Method::prompts_get || method == Method::resources_read;
}

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

std::string_view code_for_any_client(std::int64_t code) noexcept {
  bool const reserved = code == -32042 || (code <= -32020 && code >= -32099);
  return reserved ? "-32603" : std::string_view();
}

}  // namespace weir::upstream
