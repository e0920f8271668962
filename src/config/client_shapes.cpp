// The shapes in which clients write their servers, turned into ours.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/load_steps.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kNameBytesMax = 32;

// A server entry in our own keys, made of parts of a client's entry.
class Entry {
 public:
  explicit Entry(Node const& from) : from_(from) {
    node_.kind = Node::Kind::map;
    node_.mark = from.mark;
  }
  void copy(char const* key, char const* as) {
    auto const found = std::find_if(from_.members.begin(), from_.members.end(),
                                    [&](Member const& m) { return m.key == key; });
    if (found == from_.members.end() || found->value.kind == Node::Kind::null || node_.find(as) != nullptr)
      return;
    bool const empty = found->value.is_scalar() && found->value.text.empty();
    if (!empty) node_.members.push_back(Member{as, found->mark, found->value});
  }
  void set(char const* key, Mark const& mark, Node value) {
    std::erase_if(node_.members, [&](Member const& m) { return m.key == key; });
    node_.members.push_back(Member{key, mark, std::move(value)});
  }
  void set_text(char const* key, Mark const& mark, std::string text, Node::Kind kind = Node::Kind::text) {
    Node value;
    value.kind = kind;
    value.text = std::move(text);
    value.mark = mark;
    set(key, mark, std::move(value));
  }
  Node take() { return std::move(node_); }
  Node& node() { return node_; }

 private:
  Node const& from_;
  Node node_;
};

// Our word for a client's `type`; nothing if it is unknown.
std::optional<std::string> type_of(std::string_view text) {
  if (text == "stdio" || text == "local") return "stdio";
  if (text == "streamable-http" || text == "streamableHttp" || text == "streamable_http")
    return "streamable-http";
  if (text == "sse") return "sse";
  if (text == "http" || text == "remote") return "http";
  return {};
}

// opencode writes {env:X} and {file:/x} where others write ${…}.
void use_our_references(Node& node) {
  for (auto const kind : {"{env:", "{file:"}) {
    for (auto at = node.text.find(kind); at != std::string::npos; at = node.text.find(kind, at + 2))
      node.text.insert(at, "$");
  }
  for (auto& item : node.items) use_our_references(item);
  for (auto& member : node.members) use_our_references(member.value);
}

// `command` as a list (opencode) or as a map of path, args and env (zed).
void flatten_command(Entry& entry) {
  auto* command = entry.node().find("command");
  if (command == nullptr) return;
  Node const whole = *command;
  if (whole.is_sequence() && !whole.items.empty()) {
    *command = whole.items.front();
    Node rest = whole;
    rest.items.erase(rest.items.begin());
    entry.set("args", whole.mark, std::move(rest));
  } else if (whole.is_map()) {
    std::erase_if(entry.node().members, [](Member const& m) { return m.key == "command"; });
    Entry inner(whole);
    inner.copy("path", "command");
    inner.copy("args", "args");
    inner.copy("env", "env");
    for (auto& member : inner.node().members)
      entry.set(member.key.c_str(), member.mark, std::move(member.value));
  }
}

Node const* servers_in(Node const& root, ClientFormat format) {
  switch (format) {
    case ClientFormat::mcp_servers:
      if (auto const* servers = root.find("mcpServers")) return servers;
      break;
    case ClientFormat::vscode:
      if (auto const* servers = root.find("servers")) return servers;
      if (auto const* servers = root.at("mcp.servers")) return servers;
      break;
    case ClientFormat::codex: return root.find("mcp_servers");
    case ClientFormat::opencode: return root.find("mcp");
    case ClientFormat::zed: return root.find("context_servers");
  }
  // A bare map: every value looks like a server.
  bool const bare = !root.members.empty() &&
                    std::all_of(root.members.begin(), root.members.end(), [](Member const& member) {
                      return member.value.find("command") != nullptr || member.value.find("url") != nullptr;
                    });
  return bare ? &root : nullptr;
}

std::string usable_name(std::string_view name) {
  std::string out;
  for (char const letter : name) {
    auto const c = static_cast<unsigned char>(letter);
    char const next = std::isalnum(c) != 0 || c == '_' ? static_cast<char>(c) : '-';
    bool const repeated = !out.empty() && (next == '-' || next == '_') && out.back() == next;
    if (!repeated) out += next;
  }
  auto const is_edge = [](char c) { return c == '-' || c == '_'; };
  while (!out.empty() && is_edge(out.front())) out.erase(0, 1);
  out.resize(std::min(out.size(), kNameBytesMax));
  while (!out.empty() && is_edge(out.back())) out.pop_back();
  return out;
}

void skip(Member const& member, std::string why, Problems& problems) {
  auto& problem = problems.warning("WEIR-E053", member.mark, fmt::format("server `{}`: {}", member.key, why));
  problem.notes.emplace_back("it is skipped");
}

void set_type(Entry& entry, Member const& member) {
  auto const* type = member.value.find("type");
  if (type == nullptr) type = member.value.find("transport");
  if (type == nullptr || !type->is_scalar()) return;
  if (auto const word = type_of(type->text)) {
    entry.set_text("type", type->mark, *word);
  } else {
    entry.set_text("type", type->mark, type->text);  // the option table will say what is wrong with it
  }
}

void set_disabled(Entry& entry, Member const& member) {
  auto const* disabled = member.value.find("disabled");
  auto const* enabled = member.value.find("enabled");
  if (disabled != nullptr && disabled->text == "true")
    entry.set_text("disabled", disabled->mark, "true", Node::Kind::boolean);
  if (enabled != nullptr && enabled->text == "false")
    entry.set_text("disabled", enabled->mark, "true", Node::Kind::boolean);
}

// One entry in our keys; null and a warning if there is nothing to reach.
std::optional<Node> convert(Member const& member, ClientFormat format, Problems& problems) {
  if (!member.value.is_map()) {
    skip(member, "it is not a map", problems);
    return {};
  }
  Entry entry(member.value);
  for (auto const key : {"command", "args", "env", "envFile", "cwd", "url", "headers"}) entry.copy(key, key);
  entry.copy("serverUrl", "url");
  entry.copy("httpUrl", "url");
  entry.copy("environment", "env");
  entry.copy("http_headers", "headers");
  flatten_command(entry);
  set_type(entry, member);
  set_disabled(entry, member);
  if (auto const* variable = member.value.find("bearer_token_env_var");
      variable != nullptr && variable->is_scalar()) {
    Node auth;
    auth.kind = Node::Kind::map;
    auth.mark = variable->mark;
    Entry credential(auth);
    credential.set_text("type", variable->mark, "bearer");
    credential.set_text("token", variable->mark, fmt::format("${{{}}}", variable->text));
    entry.set("auth", variable->mark, credential.take());
  }
  if (format == ClientFormat::opencode) use_our_references(entry.node());
  auto node = entry.take();
  if (node.find("command") == nullptr && node.find("url") == nullptr) {
    skip(member, "it has neither a command nor a URL", problems);
    return {};
  }
  return node;
}

}  // namespace

std::vector<Member> servers_of(ClientFile const& file, unsigned order, Problems& problems) {
  auto const source = make_source(file.shown, file.text, order);
  if (!file.failure.empty()) {
    problems.error("WEIR-E001", Mark{source, 0, 0, 1}, "the file cannot be read: " + file.failure);
    return {};
  }
  auto const root = file.format == ClientFormat::codex ? read_toml(source, problems)
                                                       : read_json(source, problems, kClientBytesMax);
  std::vector<Node const*> maps;
  if (auto const* projects = root.find("projects")) {  // one client keeps servers per project in its one file
    if (auto const* project = projects->find(file.workspace_folder))
      maps.push_back(project->find("mcpServers"));
  }
  maps.push_back(servers_in(root, file.format));

  std::vector<Member> servers;
  for (auto const* map : maps) {
    if (map == nullptr) continue;
    for (auto const& member : map->members) {
      auto node = convert(member, file.format, problems);
      auto name = usable_name(member.key);
      if (!node) continue;
      if (name.empty()) {
        skip(member, "its name has no letter or digit", problems);
      } else {
        servers.push_back(Member{std::move(name), member.mark, std::move(*node)});
      }
    }
  }
  return servers;
}

}  // namespace weir::config
