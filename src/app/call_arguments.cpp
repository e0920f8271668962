#include "app/call_arguments.hpp"

#include <fmt/core.h>

#include <set>

#include "app/shown_text.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::app {

using base::Error;
using base::Result;

namespace {

Error bad(std::string detail) { return {base::Fault::invalid_input, base::Blame::client, std::move(detail)}; }

bool is_json(std::string_view text) {
  mcp::JsonCursor cursor(text);
  return mcp::is_utf8(text) && cursor.skip_value() && cursor.finish();
}

// `before` + `text` on one line, and a caret below the byte at fault.
Error not_json(std::string_view name, std::string_view before, std::string_view text) {
  constexpr std::size_t kShownBytesMax = 200;
  mcp::JsonCursor cursor(text);
  if (cursor.skip_value()) cursor.finish();
  std::string sentence = cursor.failed() ? mcp::sentence_of(cursor.fault()) : "not UTF-8";
  std::string out = fmt::format("`{}` is not JSON: {}", shown(name), sentence);
  if (text.size() > kShownBytesMax) return bad(out);
  auto const ahead = width_of(shown(std::string(before) + std::string(text.substr(0, cursor.position()))));
  return bad(fmt::format("{}\n  {}{}\n  {}^", out, shown(before), shown(text), std::string(ahead, ' ')));
}

std::string value_of(std::string_view text, Typing typing) {
  if (typing == Typing::json && !text.empty()) {
    bool const scalar = text.front() != '{' && text.front() != '[';
    bool const bare = text.find_first_of(" \t\r\n") == text.npos || text.front() == '"';
    if (scalar && bare && is_json(text)) return std::string(text);
  }
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

}  // namespace

Result<std::string> arguments_of(std::span<std::string const> words, Typing typing) {
  std::string out = "{";
  std::set<std::string_view> seen;
  for (std::string_view const word : words) {
    auto const equals = word.find('=');
    if (equals == word.npos || equals == 0)
      return bad(fmt::format("`{}` is not of the form name=value", shown(word)));
    bool const raw = word[equals - 1] == ':' && typing == Typing::json;
    auto const name = word.substr(0, raw ? equals - 1 : equals);
    auto const text = word.substr(equals + 1);
    if (!mcp::is_utf8(word)) return bad(fmt::format("`{}` is not UTF-8", shown(name)));
    if (raw && !is_json(text)) return not_json(name, word.substr(0, equals + 1), text);
    if (!seen.insert(name).second) return bad(fmt::format("`{}` is given twice", shown(name)));
    if (out.size() > 1) out += ',';
    mcp::append_json_string(out, name);
    out += ':';
    out += raw ? std::string(text) : value_of(text, typing);
  }
  return out + '}';
}

Result<std::string> object_of(std::string_view name, std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!is_json(text)) return not_json(name, "", text);
  mcp::JsonCursor cursor(text);
  mcp::JsonKind kind{};
  if (!cursor.peek(kind) || kind != mcp::JsonKind::object) {
    return bad(fmt::format("`{}` must be a JSON object", shown(name)));
  }
  return text;
}

}  // namespace weir::app
