#include "chaos/operation.hpp"

#include <utility>

#include "chaos/answer_class.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::chaos {

using mcp::Method;

namespace {

template <class Visit>
void each_of(std::string_view list, Visit visit) {
  mcp::JsonCursor cursor(list, {.depth_max = 64, .nodes_max = ~0U});
  mcp::JsonValue value;
  if (mcp::JsonKind kind; !cursor.peek(kind) || kind != mcp::JsonKind::array) return;
  cursor.enter_array();
  while (cursor.next_element() && cursor.read_value(value)) visit(value.span.of(list));
}

std::string text_of(std::string_view token) {
  std::string text;
  if (token.starts_with('"')) mcp::decode_string(token, text);
  return text;
}

bool needs_arguments(std::string_view schema) {
  bool any = false;
  each_of(token_at(schema, {"required"}), [&any](std::string_view) { any = true; });
  return any;
}

std::string quoted(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

void add_tool(std::vector<Operation>& out, std::string const& server, std::string_view tool) {
  auto const schema = token_at(tool, {"inputSchema"});
  if (token_at(tool, {"annotations", "readOnlyHint"}) != "true" || needs_arguments(schema)) return;
  out.push_back(tool_call(server, text_of(token_at(tool, {"name"})), "{}", schema));
}

void add_resource(std::vector<Operation>& out, std::string const& server, std::string_view resource) {
  auto const uri = text_of(token_at(resource, {"uri"}));
  if (!uri.empty()) out.push_back({server, Method::resources_read, uri, R"({"uri":)" + quoted(uri) + "}"});
}

void add_prompt(std::vector<Operation>& out, std::string const& server, std::string_view prompt) {
  bool wants = false;
  each_of(token_at(prompt, {"arguments"}), [&wants](std::string_view argument) {
    wants = wants || token_at(argument, {"required"}) == "true";
  });
  auto const name = text_of(token_at(prompt, {"name"}));
  if (!wants && !name.empty())
    out.push_back({server, Method::prompts_get, name, R"({"name":)" + quoted(name) + "}"});
}

}  // namespace

Operation tool_call(std::string const& server, std::string_view tool, std::string_view arguments,
                    std::string_view input_schema) {
  Operation made{server, Method::tools_call, std::string(tool), {}};
  made.params = R"({"name":)" + quoted(tool) + R"(,"arguments":)" + std::string(arguments) + "}";
  if (auto mirrored = mcp::read_param_headers(input_schema)) made.mirrored = std::move(*mirrored);
  return made;
}

void append_reads(std::vector<Operation>& out, std::string const& server, Method list,
                  std::string_view result) {
  std::size_t const before = out.size();
  auto const add = [&](std::string_view item) {
    if (out.size() - before >= kReadsMax) return;
    if (list == Method::tools_list) add_tool(out, server, item);
    if (list == Method::resources_list) add_resource(out, server, item);
    if (list == Method::prompts_list) add_prompt(out, server, item);
  };
  std::string_view const key = list == Method::tools_list       ? "tools"
                               : list == Method::resources_list ? "resources"
                                                                : "prompts";
  each_of(token_at(result, {key}), add);
}

std::string schema_of(std::string_view result, std::string_view tool) {
  std::string found;
  each_of(token_at(result, {"tools"}), [&](std::string_view item) {
    if (text_of(token_at(item, {"name"})) != tool) return;
    found = token_at(item, {"inputSchema"});
    if (found.empty()) found = "{}";
  });
  return found;
}

std::string resource_of(std::string_view result) {
  std::string found;
  bool first = true;
  each_of(token_at(result, {"contents"}), [&](std::string_view item) {
    if (std::exchange(first, false)) found = text_of(token_at(item, {"uri"}));
  });
  return found;
}

}  // namespace weir::chaos
