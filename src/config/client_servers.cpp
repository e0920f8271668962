// Servers of several client files become one list: collisions, and our own address.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

std::string text_of(Node const& server, char const* key) {
  auto const* node = server.find(key);
  if (node == nullptr) return {};
  auto out = node->text;
  for (auto const& item : node->items) out += '\n' + item.text;
  return out;
}

// What makes two entries the same server: the program and its arguments, or the address.
std::string target_of(Node const& server) {
  return fmt::format("{}\n{}\n{}", text_of(server, "command"), text_of(server, "args"),
                     text_of(server, "url"));
}

std::vector<unsigned> own_ports(Node const& root) {
  std::vector<unsigned> ports;
  auto const* listeners = root.find("listeners");
  if (listeners == nullptr) return {Listener{}.bind.port};
  for (auto const& node : listeners->items) {
    Address bind = Listener{}.bind;
    take(&node, "bind", bind, parse_address);
    if (bind.kind == Address::Kind::tcp) ports.push_back(bind.port);
  }
  return ports;
}

bool is_own(Node const& server, std::vector<unsigned> const& ports) {
  auto const command = text_of(server, "command");
  if (command.substr(command.rfind('/') + 1) == "weir") {
    return text_of(server, "args").find("--stdio") != std::string::npos;
  }
  auto const url = text_of(server, "url");
  return std::any_of(ports.begin(), ports.end(), [&](unsigned port) {
    for (auto const host : {"127.0.0.1", "localhost", "[::1]", "0.0.0.0"}) {
      for (auto const path : {"mcp", "sse"}) {
        auto const own = fmt::format("http://{}:{}/{}", host, port, path);
        if (url == own || url.starts_with(own + "/")) return true;
      }
    }
    return false;
  });
}

std::string place_of(Mark const& mark) {
  return fmt::format("{}:{}:{}", mark.source ? mark.source->name : "?", mark.line, shown_column(mark));
}

void report_collision(Member const& kept, Member const& other, Problems& problems) {
  auto& problem = problems.warning("WEIR-E052", other.mark,
                                   fmt::format("server `{}` has another target here", other.key));
  problem.notes.push_back(fmt::format("the one at {} is used", place_of(kept.mark)));
  problem.fix = "rename one of them";
}

char const* key_of(ClientFormat format) {
  switch (format) {
    case ClientFormat::mcp_servers: return "mcpServers";
    case ClientFormat::vscode: return "servers";
    case ClientFormat::codex: return "mcp_servers";
    case ClientFormat::opencode: return "mcp";
    case ClientFormat::zed: return "context_servers";
  }
  return "mcpServers";
}

// Who names a file wants something of it.
void warn_of_no_servers(ClientFile const& file, unsigned order, Problems& problems) {
  auto const source = make_source(file.shown, file.text, order);
  auto& problem = problems.warning("WEIR-E053", Mark{source, 0, 0, 1},
                                   fmt::format("no servers are found in `{}`", file.shown));
  problem.fix = fmt::format("write them below `{}`, or name another file", key_of(file.format));
}

}  // namespace

std::vector<ClientServer> collect_client_servers(Sources const& sources, Node const& root, unsigned order,
                                                 Problems& problems) {
  std::vector<ClientServer> all;
  auto const ports = own_ports(root);
  auto const* own = root.find("servers");
  for (auto const& file : sources.client_files) {
    Problems inner;
    auto servers = servers_of(file, order, inner);
    if (file.named && servers.empty() && inner.sorted().empty()) warn_of_no_servers(file, order, problems);
    ++order;
    for (auto& server : servers) {
      if (is_own(server.value, ports)) {
        problems.note("WEIR-E054", server.mark,
                      fmt::format("`{}` is this gateway; it is skipped", server.key));
        continue;
      }
      auto const same_name = [&](Member const& member) { return member.key == server.key; };
      Member const* first = nullptr;
      auto const kept =
          std::find_if(all.begin(), all.end(), [&](ClientServer const& c) { return same_name(c.server); });
      if (kept != all.end()) first = &kept->server;
      if (own != nullptr) {
        auto const mine = std::find_if(own->members.begin(), own->members.end(), same_name);
        if (mine != own->members.end()) first = &*mine;
      }
      if (first == nullptr) {
        all.push_back({std::move(server), &file, {}});
      } else if (target_of(first->value) != target_of(server.value)) {
        report_collision(*first, server, problems);
      } else if (kept != all.end()) {
        kept->also.push_back(file.shown);
      }
    }
    for (auto problem : inner.sorted()) {
      problem.confined = !file.named;  // a broken file of some editor must not keep the gateway down
      auto& copy = problems.add(problem.severity, problem.code, problem.mark, problem.message);
      copy = std::move(problem);
    }
  }
  return all;
}

}  // namespace weir::config
