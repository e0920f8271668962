#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::config {

bool Address::local_only() const noexcept {
  if (kind != Kind::tcp) return kind == Kind::unix_socket;
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::string Address::shown() const {
  if (kind == Kind::unix_socket) return "unix:" + path;
  if (kind == Kind::inherited) return "fd:" + path;
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

Server const* Settings::server(std::string_view name) const noexcept {
  auto const found =
      std::find_if(servers.begin(), servers.end(), [&](Server const& s) { return s.name == name; });
  return found == servers.end() ? nullptr : &*found;
}

ServerChanges changes(Settings const& before, Settings const& after) {
  ServerChanges result;
  for (auto const& server : after.servers) {
    auto const* old = before.server(server.name);
    if (old == nullptr) {
      result.added.push_back(server.name);
    } else if (!(*old == server)) {
      result.changed.push_back(server.name);
    }
  }
  for (auto const& server : before.servers) {
    if (after.server(server.name) == nullptr) result.removed.push_back(server.name);
  }
  return result;
}

}  // namespace weir::config
