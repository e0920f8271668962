#include "edge/answer.hpp"

#include "mcp/json_text.hpp"

namespace weir::edge {

using mcp::Field;

void put_id(core::Outcome& outcome, std::string_view id) {
  if (outcome.message.has(Field::id)) {
    outcome.edits.replace(outcome.message.span(Field::id), id);
    return;
  }
  std::string const& bytes = outcome.message.bytes();  // an error that named no request
  auto const open = static_cast<std::uint32_t>(bytes.find('{'));
  auto const end = static_cast<std::uint32_t>(bytes.rfind('}') + 1);
  outcome.edits.insert_member({open, end}, "id", id);
}

std::string error_message(std::string_view id, int code, std::string_view message, std::string_view data) {
  std::string text = R"({"jsonrpc":"2.0",)";
  if (!id.empty()) text.append(R"("id":)").append(id).append(",");
  text.append(R"("error":{"code":)").append(std::to_string(code)).append(R"(,"message":)");
  mcp::append_json_string(text, message);
  if (!data.empty()) text.append(R"(,"data":)").append(data);
  text.append("}}");
  return text;
}

bool is_tool_error(core::Outcome const& outcome) noexcept { return outcome.message.raw(Field::is_error) == "true"; }

}  // namespace weir::edge
