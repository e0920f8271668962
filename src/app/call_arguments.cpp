#include "app/call_arguments.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <istream>
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

constexpr std::size_t kShownBytesMax = 200;

// `before` + `text` on one line, and a caret below the byte at fault.
Error not_json(std::string_view name, std::string_view before, std::string_view text) {
  mcp::JsonCursor cursor(text);
  if (cursor.skip_value()) cursor.finish();
  std::string sentence = cursor.failed() ? mcp::sentence_of(cursor.fault()) : "not UTF-8";
  std::string out = fmt::format("`{}` is not JSON: {}", shown(name), sentence);
  if (text.size() > kShownBytesMax) return bad(out);
  auto const ahead = width_of(shown(std::string(before) + std::string(text.substr(0, cursor.position()))));
  return bad(fmt::format("{}\n  {}{}\n  {}^", out, shown(before), shown(text), std::string(ahead, ' ')));
}

// Where `text` of maybe many lines stops being JSON: its line and column, and that line with a caret below.
Error not_json_at(std::string_view name, std::string_view text) {
  mcp::JsonCursor cursor(text);
  if (cursor.skip_value()) cursor.finish();
  std::size_t const good = cursor.failed() ? cursor.position() : text.size();
  auto const at = std::min(good, mcp::first_not_utf8(text));
  std::string const sentence = at < good || !cursor.failed() ? "not UTF-8" : mcp::sentence_of(cursor.fault());
  auto const before = text.substr(0, at);
  auto const begin = before.rfind('\n') + 1;  // npos + 1 is 0
  auto line = text.substr(begin, text.find('\n', at) - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto const ahead = width_of(shown(before.substr(begin)));
  auto out = fmt::format("`{}` is not JSON: {} at line {}, column {}", shown(name), sentence,
                         std::count(before.begin(), before.end(), '\n') + 1, ahead + 1);
  if (!line.empty() && line.size() <= kShownBytesMax)
    out += fmt::format("\n  {}\n  {}^", shown(line), std::string(ahead, ' '));
  return bad(std::move(out));
}

Result<std::string> all_of(std::istream& in, std::size_t bytes_max) {
  constexpr std::size_t kChunk = 64 * 1024;
  std::string text;
  while (in && text.size() <= bytes_max) {
    auto const had = text.size();
    text.resize(had + std::min(kChunk, bytes_max + 1 - had));
    in.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
    text.resize(had + static_cast<std::size_t>(in.gcount()));
  }
  if (text.size() > bytes_max) return bad(fmt::format("there are more than {} bytes on stdin", bytes_max));
  return text;
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

CallTarget target_of(std::string_view text) {
  auto const dot = text.find('.');
  auto const joint = text.find("__");
  auto const end = std::min({dot, joint, text.size()});
  auto const rest = text.substr(end);
  return {std::string(text.substr(0, end)),
          std::string(rest.substr(rest.starts_with("__") ? 2 : !rest.empty()))};
}

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
  if (!is_json(text)) return not_json_at(name, text);
  mcp::JsonCursor cursor(text);
  mcp::JsonKind kind{};
  if (!cursor.peek(kind) || kind != mcp::JsonKind::object) {
    return bad(fmt::format("`{}` must be a JSON object", shown(name)));
  }
  return text;
}

Result<std::string> given_arguments(std::string const& args, std::span<std::string const> words,
                                    Typing typing, std::istream& stdin_text, std::size_t bytes_max) {
  bool const dash = std::find(words.begin(), words.end(), "-") != words.end();
  if (!args.empty() && !words.empty()) return bad("--args and name=value do not go together");
  if (dash && words.size() > 1) return bad("`-` and name=value do not go together");
  if (!dash && args.empty()) return arguments_of(words, typing);
  if (!dash && args != "-") return object_of("--args", args);
  auto text = all_of(stdin_text, bytes_max);
  return text ? object_of("stdin", std::move(*text)) : std::move(text);
}

}  // namespace weir::app
