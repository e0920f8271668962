#include "router/capabilities.hpp"

#include <algorithm>
#include <array>

#include "core/client_capabilities.hpp"
#include "mcp/json_cursor.hpp"

namespace weir::router {
namespace {

// Calls take(key, value, token) for each member of an object; nothing for anything else.
template <class Take>
void each_member(std::string_view object, Take&& take) {
  mcp::JsonCursor cursor(object);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    take(key.inner(object), value, value.span.of(object));
  }
}

void append_flag(std::string& out, std::string_view key, std::string_view value) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  out += value;
}

struct Extension {
  std::string_view name;
  bool Capabilities::*declared;
  bool legacy;  // means something to clients of older revisions
};
constexpr std::array<Extension, 3> kExtensions{{
    {core::kTasksExtension, &Capabilities::tasks, false},
    {"io.modelcontextprotocol/ui", &Capabilities::ui, true},
    {"io.modelcontextprotocol/skills", &Capabilities::skills, false},
}};

Extension const* find_extension(std::string_view name) noexcept {
  auto const found = std::find_if(kExtensions.begin(), kExtensions.end(),
                                  [name](Extension const& one) { return one.name == name; });
  return found == kExtensions.end() ? nullptr : &*found;
}

void read_extensions(std::string_view json, Capabilities& found) {
  each_member(json, [&found](std::string_view key, mcp::JsonValue const& value, std::string_view token) {
    auto const* const extension = find_extension(key);
    if (extension == nullptr || value.kind != mcp::JsonKind::object) return;
    found.*extension->declared = true;
    if (extension->declared != &Capabilities::skills) return;
    each_member(token, [&found](std::string_view member, mcp::JsonValue const&, std::string_view text) {
      if (member == "directoryRead") found.directory_read = text == "true";
    });
  });
}

std::string write_extensions(Capabilities const& all) {
  std::string out = "{";
  for (auto const& extension : kExtensions) {
    bool const reads = extension.declared == &Capabilities::skills && all.directory_read;
    if (all.*extension.declared) append_flag(out, extension.name, reads ? R"({"directoryRead":true})" : "{}");
  }
  return out == "{" ? std::string() : out += '}';
}

}  // namespace

Capabilities Capabilities::read(std::string_view json) {
  Capabilities found;
  each_member(json, [&](std::string_view key, mcp::JsonValue const& value, std::string_view token) {
    if (value.kind != mcp::JsonKind::object) return;
    if (key == "tools") found.tools = true;
    if (key == "prompts") found.prompts = true;
    if (key == "completions") found.completions = true;
    if (key == "logging") found.logging = true;
    if (key == "extensions") found.extensions = token;
    if (key == "extensions") read_extensions(token, found);
    if (key == "experimental") found.experimental = token;
    if (key != "resources") return;
    found.resources = true;
    each_member(token, [&found](std::string_view member, mcp::JsonValue const&, std::string_view text) {
      if (member == "subscribe") found.subscribe = text == "true";
    });
  });
  return found;
}

Capabilities merged(std::span<Capabilities const* const> servers) {
  Capabilities all;
  for (auto const* one : servers) {
    all.tools |= one->tools;
    all.prompts |= one->prompts;
    all.resources |= one->resources;
    all.subscribe |= one->subscribe;
    all.completions |= one->completions;
    all.logging |= one->logging;
    all.directory_read |= one->directory_read;
    for (auto const& extension : kExtensions) all.*extension.declared |= one->*extension.declared;
  }
  all.extensions = write_extensions(all);
  return all;
}

std::string legacy_extensions(std::string_view extensions) {
  std::string out = "{";
  each_member(extensions, [&out](std::string_view key, mcp::JsonValue const&, std::string_view token) {
    auto const* const extension = find_extension(key);
    if (extension == nullptr || extension->legacy) append_flag(out, key, token);
  });
  return out == "{" ? std::string() : out += '}';
}

std::string write_capabilities(Capabilities const& capabilities) {
  constexpr std::string_view kChanges = R"({"listChanged":true})";
  std::string out = "{";
  if (capabilities.tools) append_flag(out, "tools", kChanges);
  if (capabilities.prompts) append_flag(out, "prompts", kChanges);
  if (capabilities.resources) {
    append_flag(out, "resources",
                capabilities.subscribe ? R"({"subscribe":true,"listChanged":true})" : kChanges);
  }
  if (capabilities.completions) append_flag(out, "completions", "{}");
  if (capabilities.logging) append_flag(out, "logging", "{}");
  if (!capabilities.extensions.empty()) append_flag(out, "extensions", capabilities.extensions);
  if (!capabilities.experimental.empty()) append_flag(out, "experimental", capabilities.experimental);
  return out += '}';
}

std::string merged_instructions(std::span<std::pair<std::string_view, std::string_view> const> parts,
                                std::size_t bytes_max) {
  std::string out, omitted;
  for (auto const& [label, text] : parts) {
    if (text.empty()) continue;
    std::string section;
    if (!out.empty()) section += "\n\n";
    if (!label.empty()) section += "# " + std::string(label) + '\n';
    section += text;
    if (out.size() + section.size() <= bytes_max) {
      out += section;
    } else {
      omitted += omitted.empty() ? "" : ", ";
      omitted += label;
    }
  }
  if (omitted.empty()) return out;
  auto const sentence = (out.empty() ? "" : "\n\n") + ("(Too long to show: " + omitted + ".)");
  return out.size() + sentence.size() <= bytes_max ? out + sentence : out;
}

}  // namespace weir::router
