#include "core/outcome.hpp"

#include <limits>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "mcp/json_text.hpp"

namespace weir::core {
namespace {

// Our own text was bounded where it was gathered; the limits for what peers send do not fit merged lists.
constexpr mcp::Limits kOwnText{
    .json = {.depth_max = 64, .nodes_max = std::numeric_limits<std::uint32_t>::max()},
    .bytes_max = std::numeric_limits<std::uint32_t>::max()};

}  // namespace

Outcome from_message(std::string text) {
  auto message = mcp::decode(std::move(text), kOwnText);
  WEIR_ASSERT(message.has_value());
  mcp::Splice edits(message->bytes());  // the bytes stay where they are when the message moves
  return Outcome{std::move(*message), std::move(edits)};
}

Outcome from_result(std::string_view result_json) {
  std::string text = R"({"jsonrpc":"2.0","id":0,"result":)";
  text.reserve(text.size() + result_json.size() + 1);
  text += result_json;
  text += '}';
  return from_message(std::move(text));
}

Outcome from_error(int code, std::string_view message, std::string_view data_json) {
  std::string text = R"({"jsonrpc":"2.0","id":0,"error":{"code":)" + std::to_string(code) + R"(,"message":)";
  mcp::append_json_string(text, message);
  if (!data_json.empty()) {
    text += R"(,"data":)";
    text += data_json;
  }
  text += "}}";
  return from_message(std::move(text));
}

}  // namespace weir::core
