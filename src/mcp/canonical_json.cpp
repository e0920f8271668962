#include "mcp/canonical_json.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "mcp/header_value.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::mcp {
namespace {

using Member = std::pair<std::string, std::string>;  // key and value, both canonical

constexpr JsonLimits kAny{.depth_max = 64, .nodes_max = std::numeric_limits<std::uint32_t>::max()};

std::string canonical_string(std::string_view token) {
  std::string text, out;
  if (!decode_string(token, text)) return std::string(token);
  append_json_string(out, text);
  return out;
}

std::string canonical_scalar(JsonCursor& cursor) {
  JsonValue value;
  if (!cursor.read_value(value)) return {};
  auto const token = value.span.of(cursor.text());
  if (value.kind == JsonKind::string) return canonical_string(token);
  std::string number = value.kind == JsonKind::number ? canonical_integer(token) : std::string();
  return number.empty() ? std::string(token) : number;
}

std::string joined(std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(),
                   [](Member const& a, Member const& b) { return a.first < b.first; });
  std::string out = "{";
  for (auto const& [key, value] : members) {
    out.append(out.size() > 1 ? "," : "").append(key).append(":").append(value);
  }
  return out += '}';
}

std::string canonical(JsonCursor& cursor) {
  JsonKind kind{};
  if (!cursor.peek(kind)) return {};
  if (kind == JsonKind::object) {
    std::vector<Member> members;
    JsonValue key;
    for (cursor.enter_object(); cursor.next_member(key);) {
      auto name = canonical_string(key.span.of(cursor.text()));
      members.emplace_back(std::move(name), canonical(cursor));
    }
    return joined(std::move(members));
  }
  if (kind != JsonKind::array) return canonical_scalar(cursor);
  std::string out = "[";
  for (cursor.enter_array(); cursor.next_element();) {
    out.append(out.size() > 1 ? "," : "").append(canonical(cursor));
  }
  return out += ']';
}

}  // namespace

std::string canonical_json(std::string_view json) {
  JsonCursor cursor(json, kAny);
  return canonical(cursor);
}

std::string canonical_object(std::string_view json, std::span<std::string_view const> without) {
  JsonCursor cursor(json, kAny);
  if (!json.starts_with('{') || !cursor.enter_object()) return {};
  std::vector<Member> members;
  JsonValue key;
  while (cursor.next_member(key)) {
    auto name = canonical_string(key.span.of(json));
    auto const bare = std::string_view(name).substr(1, name.size() - 2);
    if (std::find(without.begin(), without.end(), bare) != without.end()) {
      cursor.skip_value();
    } else {
      members.emplace_back(std::move(name), canonical(cursor));
    }
  }
  return joined(std::move(members));
}

}  // namespace weir::mcp
