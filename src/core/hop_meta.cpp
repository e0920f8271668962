#include "core/hop_meta.hpp"

#include <algorithm>
#include <array>

#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::core {
namespace {

constexpr std::string_view kPrefix = "io.modelcontextprotocol/";
constexpr std::array<std::string_view, 5> kPrefixed{"protocolVersion", "clientInfo", "clientCapabilities",
                                                    "logLevel", "subscriptionId"};

bool is_of_hop(std::string_view key, HopKeys keys) {
  if (key == "progressToken") return true;
  if (!key.starts_with(kPrefix)) return false;
  key.remove_prefix(kPrefix.size());
  if (key == "serverInfo") return keys.server_info;
  if (key == "related-task") return keys.related_task;
  return std::find(kPrefixed.begin(), kPrefixed.end(), key) != kPrefixed.end();
}

template <class Take>
void each_member(std::string_view meta, HopKeys keys, Take&& take) {
  mcp::JsonCursor cursor(meta, {.nodes_max = UINT32_MAX});  // it has been decoded: this is bounded
  mcp::JsonKind kind{};
  mcp::JsonValue key, value;
  if (!cursor.peek(kind) || kind != mcp::JsonKind::object || !cursor.enter_object()) return;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    std::string text;
    if (key.escaped) mcp::decode_string(key.span.of(meta), text);
    take(key.span, value.span, is_of_hop(key.escaped ? std::string_view(text) : key.inner(meta), keys));
  }
}

}  // namespace

std::vector<mcp::Span> hop_members(mcp::Message const& message, HopKeys keys) {
  std::vector<mcp::Span> found;
  auto const meta = message.span(mcp::Field::meta);
  if (meta.empty()) return found;
  each_member(meta.of(message.bytes()), keys, [&](mcp::Span, mcp::Span value, bool of_hop) {
    if (of_hop) found.push_back({meta.begin + value.begin, meta.begin + value.end});
  });
  return found;
}

std::string without_hop_members(std::string_view meta) {
  std::string left;
  each_member(meta, {}, [&](mcp::Span key, mcp::Span value, bool of_hop) {
    if (of_hop) return;
    left.append(left.empty() ? "{" : ",").append(key.of(meta)).append(":").append(value.of(meta));
  });
  return left.empty() ? left : left + '}';
}

}  // namespace weir::core
