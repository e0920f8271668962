#include "app/call_text.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>

#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "router/hidden_text.hpp"
#include "router/suggestion.hpp"

namespace weir::app {

namespace dom = simdjson::dom;
using mcp::Field;

namespace {

std::string_view text_at(dom::element const& object, char const* key) {
  std::string_view text;
  return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

template <class Visit>
void each_of(dom::element const& object, char const* key, Visit visit) {
  dom::array list;
  if (object[key].get_array().get(list) != simdjson::SUCCESS) return;
  for (auto const element : list) visit(element);
}

// Calls `visit` with the text as a tree, if it is JSON.
template <class Visit>
void with_tree(std::string_view json, Visit visit) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(simdjson::padded_string(json)).get(root) == simdjson::SUCCESS) visit(root);
}

void append_lines(std::string& out, std::string_view text) {
  out += text;
  if (!out.ends_with('\n')) out += '\n';
}

std::string described(std::string_view what, dom::element const& item, char const* bytes_key) {
  auto const base64 = text_at(item, bytes_key).size();
  return fmt::format("[{} {}, {} bytes of base64; --json shows them]", what, shown(text_at(item, "mimeType")),
                     base64);
}

// The contents of an embedded or read resource.
void append_resource(std::string& out, dom::element const& item) {
  std::string_view text;
  if (item["text"].get_string().get(text) == simdjson::SUCCESS) return append_lines(out, text);
  append_lines(out, described(shown(text_at(item, "uri")), item, "blob"));
}

void append_content(std::string& out, dom::element const& item) {
  auto const type = text_at(item, "type");
  if (type == "text") return append_lines(out, text_at(item, "text"));
  if (type == "resource_link") return append_lines(out, shown(text_at(item, "uri")));
  dom::element inner;
  bool const embedded = type == "resource" && item["resource"].get(inner) == simdjson::SUCCESS;
  if (embedded) return append_resource(out, inner);
  append_lines(out, described(shown(type), item, "data"));
}

// `reason` of what Weir says about its own failures, in a result or an error.
std::string reason_in(std::string_view json, bool in_result) {
  std::string reason;
  with_tree(json, [&](dom::element const& root) {
    dom::element own = root;
    if (in_result && root["_meta"]["io.weir/error"].get(own) != simdjson::SUCCESS) return;
    reason = text_at(own, "reason");
  });
  return reason;
}

std::optional<int> exit_code_of_reason(std::string_view reason) {
  for (auto const name : {"busy", "starting", "timed_out"}) {
    if (reason == name) return kExitTryLater;
  }
  for (auto const name :
       {"unavailable", "connect_failed", "connection_lost", "protocol", "config", "too_large"}) {
    if (reason == name) return kExitUnavailable;
  }
  return std::nullopt;
}

}  // namespace

std::vector<ToolLine> read_tools(std::string_view result_json) {
  std::vector<ToolLine> tools;
  with_tree(result_json, [&](dom::element const& root) {
    each_of(root, "tools", [&](dom::element const& tool) {
      dom::element schema;
      bool const has = tool["inputSchema"].get(schema) == simdjson::SUCCESS;
      tools.push_back({std::string(text_at(tool, "name")), std::string(text_at(tool, "description")),
                       has ? simdjson::minify(schema) : std::string("{}")});
    });
  });
  return tools;
}

std::string render_tools(std::vector<ToolLine> const& tools) {
  std::size_t wide = 0;
  for (auto const& tool : tools) wide = std::max(wide, width_of(router::shown_name(tool.name)));
  std::string out;
  for (auto const& tool : tools) {
    auto const about = first_sentence(tool.description);
    auto const name = router::shown_name(tool.name);
    out += about.empty() ? name : left(name, wide) + "  " + about;
    out += '\n';
  }
  return out;
}

std::string_view meant_by(std::string_view name, std::vector<std::string_view> const& known) {
  unsigned nearest = std::max(2u, static_cast<unsigned>(name.size()) / 4) + 1;
  std::string_view meant;
  for (auto const candidate : known) {
    auto const edits = router::edits_between(name, candidate, nearest - 1);
    if (edits >= nearest) continue;
    nearest = edits;
    meant = candidate;
    if (nearest == 0) break;
  }
  return meant;
}

std::string content_text(std::string_view result_json) {
  std::string out;
  with_tree(result_json, [&](dom::element const& root) {
    each_of(root, "content", [&](dom::element const& item) { append_content(out, item); });
    dom::element structured;
    bool const has = root["structuredContent"].get(structured) == simdjson::SUCCESS;
    if (out.empty() && has) append_lines(out, simdjson::minify(structured));
  });
  return out;
}

std::string resource_text(std::string_view result_json) {
  std::string out;
  with_tree(result_json, [&](dom::element const& root) {
    each_of(root, "contents", [&](dom::element const& item) { append_resource(out, item); });
  });
  return out;
}

std::string prompt_text(std::string_view result_json) {
  std::string out;
  with_tree(result_json, [&](dom::element const& root) {
    each_of(root, "messages", [&](dom::element const& message) {
      out += fmt::format("{}: ", shown(text_at(message, "role")));
      dom::element content;
      if (message["content"].get(content) == simdjson::SUCCESS) append_content(out, content);
    });
  });
  return out;
}

std::string why_not(ServerView const& server) {
  constexpr std::size_t kStderrLinesMax = 5;
  if (server.ok() && !server.degraded()) return {};
  auto const& why = server.ok() ? server.breaker_reason : server.cause;
  auto const state = server.ok() ? "breaker " + shown(server.breaker) : shown(server.state);
  auto out = fmt::format("  = status of `{}`: {}{}{}\n", shown(server.name), state, why.empty() ? "" : ", ",
                         shown(why));
  if (!server.ok()) out += last_lines(server.last_stderr, kStderrLinesMax, "    | ");
  return out;
}

std::string error_text(mcp::Message const& answer) {
  std::string scratch;
  std::string out = fmt::format("error: {}\n", shown(answer.text(Field::error_message, scratch)));
  with_tree(answer.raw(Field::error_data), [&](dom::element const& data) {
    auto const hint = text_at(data, "hint");
    if (!hint.empty()) out += fmt::format("  = {}\n", shown(hint));
  });
  return out;
}

bool says_unknown_tool(mcp::Message const& answer) {
  return answer.kind() == mcp::MessageKind::error &&
         reason_in(answer.raw(Field::error_data), false) == "unknown_tool";
}

int exit_code_of(mcp::Message const& answer) {
  if (answer.kind() == mcp::MessageKind::result) {
    if (answer.raw(Field::is_error) != "true") return kExitOk;
    return exit_code_of_reason(reason_in(answer.raw(Field::result), true)).value_or(kExitBad);
  }
  auto const code = answer.integer(Field::error_code).value_or(0);
  if (code == -32602) return kExitData;
  if (code == 4010 || code == 4030) return kExitDenied;
  return exit_code_of_reason(reason_in(answer.raw(Field::error_data), false)).value_or(kExitBad);
}

}  // namespace weir::app
