#include "router/item_shape.hpp"

#include <array>

namespace weir::router {
namespace {

using mcp::JsonKind;

constexpr unsigned bit(ListKind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
constexpr unsigned kSkills = bit(ListKind::skills);
constexpr unsigned kTools = bit(ListKind::tools);
constexpr unsigned kPrompts = bit(ListKind::prompts);
constexpr unsigned kUris = bit(ListKind::resources) | bit(ListKind::templates);
constexpr unsigned kAll = kTools | kPrompts | kUris;

struct Row {
  unsigned kinds;
  std::string_view name;
  JsonKind is;
};
constexpr std::array<Row, 13> kRows{{
    {kAll, "name", JsonKind::string},
    {kAll, "title", JsonKind::string},
    {kAll, "description", JsonKind::string},
    {kAll, "icons", JsonKind::array},
    {kAll | kSkills, "_meta", JsonKind::object},
    {kSkills, "frontmatter", JsonKind::object},
    {kTools, "inputSchema", JsonKind::object},
    {kTools, "outputSchema", JsonKind::object},
    {kTools, "execution", JsonKind::object},
    {kTools | kUris, "annotations", JsonKind::object},
    {kPrompts, "arguments", JsonKind::array},
    {kUris, "mimeType", JsonKind::string},
    {bit(ListKind::resources), "size", JsonKind::number},
}};

std::string_view name_of(JsonKind kind) noexcept {
  switch (kind) {
    case JsonKind::object: return "object";
    case JsonKind::array: return "array";
    case JsonKind::string: return "string";
    case JsonKind::number: return "number";
    case JsonKind::boolean: return "boolean";
    case JsonKind::null: return "null";
  }
  return "value";
}

// `properties` must be an object, `required` an array; where `only_objects`, `type` must say "object".
bool is_schema(std::string_view json, bool only_objects) {
  mcp::JsonCursor cursor(json);
  mcp::JsonValue name, value;
  bool object = false;
  cursor.enter_object();
  while (cursor.next_member(name) && cursor.read_value(value)) {
    auto const member = name.inner(json);
    if (member == "type") object = value.span.of(json) == R"("object")";
    if (member == "properties" && value.kind != JsonKind::object) return false;
    if (member == "required" && value.kind != JsonKind::array) return false;
  }
  return object || !only_objects;
}

bool are_arguments(std::string_view json) {
  mcp::JsonCursor cursor(json);
  mcp::JsonValue element, name, value;
  cursor.enter_array();
  while (cursor.next_element() && cursor.read_value(element)) {
    if (element.kind != JsonKind::object) return false;
    mcp::JsonCursor inside(element.span.of(json));
    bool named = false;
    inside.enter_object();
    while (inside.next_member(name) && inside.read_value(value)) {
      named = named || (name.inner(inside.text()) == "name" && value.kind == JsonKind::string);
    }
    if (!named) return false;
  }
  return true;
}

}  // namespace

std::string wrong_member(ListKind kind, std::string_view name, mcp::JsonKind is, std::string_view json,
                         bool any_output) {
  for (auto const& row : kRows) {
    if (row.name != name || (row.kinds & bit(kind)) == 0) continue;
    if (row.is != is)
      return "has a member " + std::string(name) + " that is no " + std::string(name_of(row.is));
    bool fine = true;
    if (name == "inputSchema") fine = is_schema(json, true);
    if (name == "outputSchema") fine = is_schema(json, !any_output);
    if (name == "arguments") fine = are_arguments(json);
    return fine ? std::string() : "has a member " + std::string(name) + " that clients cannot read";
  }
  return {};
}

std::string_view needed_member(ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools: return "inputSchema";
    case ListKind::prompts: return {};
    case ListKind::resources:
    case ListKind::templates: return "name";
    case ListKind::skills: return "frontmatter";
  }
  return {};
}

}  // namespace weir::router
