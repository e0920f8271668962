#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kEnvFileBytesMax = 64 * 1024;

// Lines `NAME=value`, with optional `export` and quotes; `#` begins a comment line.
std::vector<std::pair<std::string, base::Secret>> parse_env_file(std::string_view text) {
  std::vector<std::pair<std::string, base::Secret>> result;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with("export ")) line.remove_prefix(7);
    auto const equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string_view::npos || equals == 0) continue;
    auto value = line.substr(equals + 1);
    bool const quoted =
        value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
    if (quoted) value = value.substr(1, value.size() - 2);
    result.emplace_back(line.substr(0, equals), base::Secret(value));
  }
  return result;
}

StdioOptions read_stdio(Node const* node) {
  StdioOptions stdio;
  if (scalar_at(node, "share") == "per_session") stdio.share = ChildShare::per_session;
  if (auto const text = scalar_at(node, "instances")) {
    if (auto const range = parse_instances(*text)) {
      stdio.instances_min = static_cast<unsigned>(std::clamp<std::int64_t>(range->first, 1, 256));
      stdio.instances_max = static_cast<unsigned>(std::clamp<std::int64_t>(range->second, 1, 256));
    }
  }
  take(node, "idle_stop", stdio.idle_stop);
  if (auto const text = scalar_at(node, "restart")) {
    if (auto const range = parse_duration_range(*text)) {
      stdio.restart_min = range->first;
      stdio.restart_max = range->second;
    }
  }
  take_size(node, "memory_max", stdio.memory_bytes_max);
  return stdio;
}

Credential read_credential(Node const* node) {
  auto const type = scalar_at(node, "type").value_or("none");
  if (type == "bearer") {
    if (auto const token = scalar_at(node, "token")) {
      std::string value;
      value.reserve(sizeof "Bearer " + token->size());
      value.append("Bearer ").append(*token);
      Credential credential{"Authorization", base::Secret(value)};
      explicit_bzero(value.data(), value.size());
      return credential;
    }
  }
  if (type == "header") {
    auto const name = scalar_at(node, "name");
    auto const value = scalar_at(node, "value");
    if (name && value) return {std::string(*name), base::Secret(*value)};
  }
  return {};
}

Balance read_balance(Node const& node) {
  auto const word = scalar_at(&node, "balance").value_or("");
  if (word == "round_robin") return Balance::round_robin;
  return word == "hash:principal" ? Balance::by_principal : Balance::least_inflight;
}

UpstreamKind kind_of(Node const& node) {
  auto const type = scalar_at(&node, "type").value_or("");
  if (type == "stdio" || (type.empty() && node.find("command") != nullptr)) return UpstreamKind::stdio;
  if (type == "streamable-http") return UpstreamKind::streamable_http;
  if (type == "sse") return UpstreamKind::sse;
  return UpstreamKind::http_any;
}

Server read_server(std::string name, Node const& node, Environment const& environment) {
  Server server;
  server.name = std::move(name);
  server.kind = kind_of(node);
  take(&node, "command", server.command);
  take(&node, "args", server.args);
  if (auto const file = scalar_at(&node, "envFile")) {
    if (auto const text = environment.read(environment.absolute(*file), kEnvFileBytesMax)) {
      server.env = parse_env_file(*text);
    } else {
      server.unusable = "envFile cannot be read: " + text.error().detail;
    }
  }
  take_pairs(&node, "env", server.env);
  take(&node, "cwd", server.cwd);
  if (!server.cwd.empty()) server.cwd = environment.absolute(server.cwd);
  server.stdio = read_stdio(node.find("stdio"));
  take(&node, "urls", server.urls);
  if (auto const url = scalar_at(&node, "url")) server.urls.assign(1, std::string(*url));
  server.balance = read_balance(node);
  take_pairs(&node, "headers", server.headers);
  server.credential = read_credential(node.find("auth"));
  server.oauth = read_oauth(section_at(&node, "auth"), environment);
  take(&node, "tools.hide", server.tools.hide);
  take_pairs(&node, "tools.rename", server.tools.rename);
  take_pairs(&node, "tools.describe", server.tools.description);
  take(&node, "required", server.required);
  take(&node, "disabled", server.disabled);
  take(&node, "expose", server.expose);
  return server;
}

void apply_timeouts(Node const* node, Timeouts& timeouts) {
  take_ms(node, "timeout_ms", timeouts.call);
  take_ms(node, "max_timeout_ms", timeouts.call_max);
  take_ms(node, "start_timeout_ms", timeouts.start);
  take_ms(node, "parked_max_ms", timeouts.parked_max);
}

}  // namespace

Timeouts read_timeouts(Node const& root, std::string_view server) {
  Timeouts timeouts;
  auto const* sections = root.find("degradation");
  if (sections == nullptr) return timeouts;
  apply_timeouts(sections->find("defaults"), timeouts);
  for (auto const* section : sections_of(root, server)) apply_timeouts(section, timeouts);
  timeouts.call_max = std::max(timeouts.call_max, timeouts.call);
  return timeouts;
}

std::vector<Server> read_servers(Node const& root, Environment const& environment) {
  std::vector<Server> servers;
  auto const* map = root.find("servers");
  if (map == nullptr) return servers;
  for (auto const& member : map->members) {
    servers.push_back(read_server(member.key, member.value, environment));
    if (servers.back().oauth) servers.back().oauth->egress = read_egress(root);
    servers.back().timeouts = read_timeouts(root, member.key);
  }
  return servers;
}

}  // namespace weir::config
