#include "app/tool_report.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "app/shown_text.hpp"
#include "base/shell_word.hpp"
#include "mcp/json_text.hpp"
#include "router/hidden_text.hpp"

namespace weir::app {
namespace {

namespace dom = simdjson::dom;

void member(std::string& json, std::string_view key, std::string_view text) {
  json += json.back() == '{' ? "" : ",";
  mcp::append_json_string(json, key);
  json += ':';
  mcp::append_json_string(json, text);
}

std::string text_at(dom::element const& item, char const* key) {
  std::string_view text;
  return item[key].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::size_t number_at(dom::element const& item, char const* key) {
  std::uint64_t number = 0;
  return item[key].get_uint64().get(number) == simdjson::SUCCESS ? number : 0;
}

std::string indented(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    auto const line = lines.substr(0, lines.find('\n'));
    out += "    " + shown(line) + "\n";
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return out;
}

std::string escape(char32_t point) {
  auto const number = static_cast<unsigned>(point);
  if (number < 0x10000) return fmt::format("\\u{:04x}", number);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0 + (number >> 10), 0xDC00 + (number & 0x3FF));
}

// The same JSON with what nobody sees as \u200b: whoever reads it gets the names as they are, and whoever
// looks at it sees them.
std::string with_hidden_escaped(std::string_view json) {
  std::string out;
  router::CharacterReader reader(json);
  router::Character character;
  while (reader.next(character)) {
    if (character.kind == router::Hidden::none) {
      out += character.bytes;
    } else {
      out += escape(character.point);
    }
  }
  return out;
}

}  // namespace

std::string pinned_json(std::vector<PinnedServer> const& servers) {
  std::string json = R"({"version":1,"servers":[)";
  for (auto const& server : servers) {
    json += json.back() == '[' ? "{" : ",{";
    member(json, "name", server.name);
    member(json, "pin", server.pin);
    json += fmt::format(R"(,"pinned":{},"suspects":{},"findings":[)", server.pinned, server.suspects);
    for (auto const& finding : server.findings) {
      json += json.back() == '[' ? "{" : ",{";
      member(json, "tool", finding.tool);
      member(json, "kind", finding.kind);
      member(json, "why", finding.why);
      member(json, "detail", finding.detail);
      if (!finding.tenant.empty()) member(json, "tenant", finding.tenant);
      json += '}';
    }
    json += R"(],"tenants":[)";
    for (auto const& tenant : server.tenants) {
      json += json.back() == '[' ? "{" : ",{";
      member(json, "name", tenant.name);
      json += fmt::format(R"(,"pinned":{}}})", tenant.pinned);
    }
    json += "]}";
  }
  return with_hidden_escaped(json) + "]}\n";
}

base::Result<std::vector<PinnedServer>> read_pinned(std::string_view json) {
  dom::parser parser;
  dom::element root;
  dom::array list;
  bool const ours = parser.parse(simdjson::padded_string(json)).get(root) == simdjson::SUCCESS &&
                    root["servers"].get_array().get(list) == simdjson::SUCCESS;
  if (!ours)
    return base::Error(base::Fault::protocol, base::Blame::upstream, "what answered is not a Weir gateway");
  std::vector<PinnedServer> out;
  for (auto const item : list) {
    PinnedServer server{text_at(item, "name"),
                        text_at(item, "pin"),
                        number_at(item, "pinned"),
                        number_at(item, "suspects"),
                        {},
                        {}};
    dom::array tenants;
    if (item["tenants"].get_array().get(tenants) == simdjson::SUCCESS) {
      for (auto const one : tenants)
        server.tenants.push_back({text_at(one, "name"), number_at(one, "pinned")});
    }
    dom::array findings;
    if (item["findings"].get_array().get(findings) == simdjson::SUCCESS) {
      for (auto const one : findings) {
        server.findings.push_back({text_at(one, "tool"), text_at(one, "kind"), text_at(one, "why"),
                                   text_at(one, "detail"), text_at(one, "tenant")});
      }
    }
    out.push_back(std::move(server));
  }
  return out;
}

std::string render_pinned(std::vector<PinnedServer> const& servers) {
  std::string out;
  std::size_t width = 0;
  for (auto const& server : servers) width = std::max(width, width_of(shown(server.name)));
  for (auto const& server : servers) {
    auto const name = shown(server.name);
    out += fmt::format("{}  {}  {} pinned", left(name, width), left(shown(server.pin), 10), server.pinned);
    out += server.suspects == 0 ? ", all as they were\n" : fmt::format(", {} suspect\n", server.suspects);
    for (auto const& tenant : server.tenants) {
      out += fmt::format("  tenant {}: {} pinned for its callers alone\n", shown(tenant.name), tenant.pinned);
    }
    std::set<std::string_view> told;
    for (auto const& finding : server.findings) {
      told.insert(finding.tool);
      bool const withheld = server.pin == "quarantine";
      out += fmt::format("  {} {}{}\n", router::shown_name(finding.tool), shown(finding.why),
                         withheld ? "; withheld" : "");
      out += indented(finding.detail);
      out += fmt::format("    accept: {}\n", accept_command(server.name, finding.tool, finding.tenant));
    }
    if (server.suspects > told.size()) {
      out += fmt::format("  … and {} more\n", server.suspects - told.size());
    }
  }
  return out;
}

// Behind `--` nothing is an option, and `++` does not end the words of `accept` as it does for CLI11.
std::string accept_command(std::string_view server, std::string_view tool, std::string_view tenant) {
  auto const whose = "weir tools accept " + base::shell_word(shown(server));
  auto const name = base::shell_word(router::shown_name(tool));
  auto const for_whom = tenant.empty() ? std::string() : " --tenant " + base::shell_word(shown(tenant));
  bool const like_option = tool.starts_with('-') || tool == "++";
  return like_option ? whose + for_whom + " -- " + name : whose + " " + name + for_whom;
}

}  // namespace weir::app
