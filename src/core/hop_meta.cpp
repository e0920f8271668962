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

// take(span of the key, its text, span of the value)
template <class Take>
void each_member(std::string_view object, Take&& take) {
  mcp::JsonCursor cursor(object, {.nodes_max = UINT32_MAX});  // it has been decoded: this is bounded
  mcp::JsonKind kind{};
  mcp::JsonValue key, value;
  if (!cursor.peek(kind) || kind != mcp::JsonKind::object || !cursor.enter_object()) return;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    std::string text;
    if (key.escaped) mcp::decode_string(key.span.of(object), text);
    take(key.span, key.escaped ? std::string_view(text) : key.inner(object), value.span);
  }
}

// `object` with what `made` says in place of each value.
template <class Made>
std::string with_values(std::string_view object, Made&& made) {
  std::string out;
  std::uint32_t copied = 0;
  each_member(object, [&](mcp::Span, std::string_view name, mcp::Span value) {
    out.append(object.substr(copied, value.begin - copied)).append(made(name, value.of(object)));
    copied = value.end;
  });
  return out.append(object.substr(copied));
}

bool has_hop_members(std::string_view meta, HopKeys keys) {
  bool has = false;
  each_member(meta, [&](mcp::Span, std::string_view name, mcp::Span) { has = has || is_of_hop(name, keys); });
  return has;
}

}  // namespace

std::vector<mcp::Span> hop_members(mcp::Message const& message, HopKeys keys) {
  std::vector<mcp::Span> found;
  auto const meta = message.span(mcp::Field::meta);
  if (meta.empty()) return found;
  each_member(meta.of(message.bytes()), [&](mcp::Span, std::string_view name, mcp::Span value) {
    if (is_of_hop(name, keys)) found.push_back({meta.begin + value.begin, meta.begin + value.end});
  });
  return found;
}

std::string without_hop_members(std::string_view meta, HopKeys keys) {
  std::string left;
  each_member(meta, [&](mcp::Span key, std::string_view name, mcp::Span value) {
    if (is_of_hop(name, keys)) return;
    left.append(left.empty() ? "{" : ",").append(key.of(meta)).append(":").append(value.of(meta));
  });
  return left.empty() ? left : left + '}';
}

std::string without_hop_meta(std::string_view object, HopKeys keys) {
  return with_values(object, [keys](std::string_view name, std::string_view value) {
    if (name != "_meta" || !has_hop_members(value, keys)) return std::string(value);
    auto left = without_hop_members(value, keys);
    return left.empty() ? std::string("{}") : left;
  });
}

std::string questions_without_hop_meta(std::string_view input_requests) {
  return with_values(input_requests, [](std::string_view, std::string_view question) {
    return with_values(question, [](std::string_view name, std::string_view value) {
      return name == "params" ? without_hop_meta(value) : std::string(value);
    });
  });
}

std::string answers_without_hop_meta(std::string_view input_responses) {
  return with_values(input_responses,
                     [](std::string_view, std::string_view answer) { return without_hop_meta(answer); });
}

std::string result_without_hop_meta(std::string_view result, HopKeys keys) {
  return with_values(without_hop_meta(result, keys), [](std::string_view name, std::string_view value) {
    return name == "inputRequests" ? questions_without_hop_meta(value) : std::string(value);
  });
}

}  // namespace weir::core
