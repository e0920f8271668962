#include "app/explain_keys.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/shown_text.hpp"
#include "config/option_table.hpp"
#include "mcp/json_text.hpp"

namespace weir::app {
namespace {

// The next segment of a dotted path, taken off its front. `[]` and numbers are segments: `a.0.b`, `a[].b`.
std::string_view take_segment(std::string_view& path) {
  auto const end = std::min(path.find('.'), path.find("[]", path.starts_with("[]") ? 2 : 0));
  auto const segment = path.substr(0, end);
  path.remove_prefix(std::min(path.size(), segment.size()));
  if (path.starts_with('.')) path.remove_prefix(1);
  return segment;
}

// Whether `path`, as people write it, is the option's: `*` is any name, `[]` any number.
bool is_path_of(config::Option const& option, std::string_view path) {
  std::string_view pattern = option.path;
  while (!pattern.empty() && !path.empty()) {
    auto const want = take_segment(pattern);
    auto const have = take_segment(path);
    bool const number = !have.empty() && have.find_first_not_of("0123456789") == have.npos;
    if (want != have && want != "*" && !(want == "[]" && number)) return false;
  }
  return pattern.empty() && path.empty();
}

config::Option const* option_of(std::string_view path) {
  for (auto const& option : config::options()) {
    if (is_path_of(option, path)) return &option;
  }
  return nullptr;
}

bool is_below(std::string_view path, std::string_view wanted) {
  if (wanted.empty() || path == wanted) return true;
  return path.size() > wanted.size() && path.starts_with(wanted) && path[wanted.size()] == '.';
}

}  // namespace

std::vector<ExplainedKey> explain_keys(std::vector<config::KeyOrigin> const& set, std::string_view wanted) {
  std::vector<ExplainedKey> keys;
  for (auto const& key : set) {
    if (is_below(key.path, wanted)) keys.push_back({key.path, key.text, key.origin, {}});
  }
  auto const* const option = wanted.empty() ? nullptr : option_of(wanted);
  if (option == nullptr) return keys;
  if (keys.empty()) keys.push_back({std::string(wanted), std::string(option->fallback), "default", {}});
  if (keys.size() == 1 && keys.front().path == wanted) keys.front().description = option->description;
  return keys;
}

std::string render_keys_text(std::vector<ExplainedKey> const& keys) {
  std::size_t path_width = 0;
  std::size_t value_width = 0;
  constexpr std::size_t kValueWidthMax = 40;
  for (auto const& key : keys) {
    path_width = std::max(path_width, width_of(shown(key.path)));
    value_width = std::max(value_width, std::min(kValueWidthMax, width_of(shown(key.value))));
  }
  std::string out;
  for (auto const& key : keys) {
    out += fmt::format("{}  {}  {}\n", left(shown(key.path), path_width), left(shown(key.value), value_width),
                       shown(key.origin));
    if (!key.description.empty()) out += fmt::format("  {}\n", key.description);
  }
  return out;
}

std::string render_keys_json(std::vector<ExplainedKey> const& keys) {
  std::string out = R"({"version":1,"keys":[)";
  auto const member = [&out](std::string_view name, std::string_view text) {
    out.append(out.back() == '{' ? "" : ",").append("\"").append(name).append("\":");
    mcp::append_json_string(out, text);
  };
  for (auto const& key : keys) {
    out += out.back() == '[' ? "{" : ",{";
    member("path", key.path);
    member("value", key.value);
    member("origin", key.origin);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace weir::app
