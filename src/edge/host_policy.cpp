#include "edge/host_policy.hpp"

#include <algorithm>
#include <charconv>

#include "net/http_fields.hpp"

namespace weir::edge {
namespace {

bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  auto const* const end = text.data() + text.size();
  auto const parsed = std::from_chars(text.data(), end, port);
  return parsed.ec == std::errc{} && parsed.ptr == end && port > 0 && port <= 65535;
}

// Takes ":port" off the end; false if what looks like one is not.
bool without_port(std::string_view& authority) noexcept {
  auto const colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return true;
  if (!is_port(authority.substr(colon + 1))) return false;
  authority = authority.substr(0, colon);
  return true;
}

bool is_127(std::string_view text) noexcept {
  if (text == "127.0.0.1") return true;
  int parts = 0;
  while (true) {
    auto const dot = text.find('.');
    auto const part = text.substr(0, dot);
    unsigned value = 0;
    auto const parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    bool const decimal = parsed.ec == std::errc{} && parsed.ptr == part.data() + part.size() &&
                         (part.size() == 1 || part[0] != '0');
    if (!decimal || value > 255 || (parts == 0 && value != 127)) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

bool listed(std::vector<std::string> const& list, std::string_view value) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [&](auto const& entry) { return net::same_name(entry, value); });
}

}  // namespace

bool is_loopback_authority(std::string_view authority) noexcept {
  if (!without_port(authority)) return false;
  return net::same_name(authority, "localhost") || authority == "[::1]" || is_127(authority);
}

HostPolicy::HostPolicy(bool loopback, std::vector<std::string> allowed_hosts,
                       std::vector<std::string> allowed_origins)
    : loopback_(loopback), hosts_(std::move(allowed_hosts)), origins_(std::move(allowed_origins)) {}

bool HostPolicy::host_allowed(std::string_view host) const noexcept {
  if (loopback_ && is_loopback_authority(host)) return true;
  std::string_view name = host;
  if (listed(hosts_, host) || (without_port(name) && listed(hosts_, name))) return true;
  return !loopback_ && hosts_.empty();
}

bool HostPolicy::origin_allowed(std::string_view origin) const noexcept {
  if (listed(origins_, origin)) return true;
  if (!loopback_) return false;
  for (std::string_view const scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) && is_loopback_authority(origin.substr(scheme.size()))) return true;
  }
  return false;
}

}  // namespace weir::edge
