// Grammars with fields: dates, addresses and URLs.
#include <algorithm>
#include <cctype>

#include "config/values.hpp"

namespace weir::config {
namespace {

using std::chrono::days;

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return {};
  int value = 0;
  for (auto const c : text.substr(at, count)) {
    if (!std::isdigit(static_cast<unsigned char>(c))) return {};
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// `Z`, or `+hh:mm`; what is left of a time after its seconds.
std::optional<std::chrono::minutes> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  auto const hours = digits(text, 1, 2);
  auto const minutes = digits(text, 4, 2);
  if (text.size() != 6 || !is_one_of(text[0], "+-") || text[3] != ':' || !hours || !minutes) return {};
  if (*hours > 23 || *minutes > 59) return {};
  auto const offset = std::chrono::minutes(*hours * 60 + *minutes);
  return text[0] == '+' ? offset : -offset;
}

bool is_host(std::string_view host) {
  return host.size() <= 253 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) || is_one_of(static_cast<char>(c), "-._");
         });
}

bool is_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos && host.size() <= 45 &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isxdigit(c) || is_one_of(static_cast<char>(c), ":.%");
         });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  auto const port = parse_integer(text);
  if (!port || text.size() > 5 || *port < 0 || *port > 65535) return {};
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

std::optional<base::WallTime> parse_date(std::string_view text) {
  auto const year = digits(text, 0, 4);
  auto const month = digits(text, 5, 2);
  auto const day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return {};
  std::chrono::year_month_day const date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  auto const midnight = std::chrono::sys_days(date);
  if (text.size() == 10) return base::WallTime(midnight);

  auto const hour = digits(text, 11, 2);
  auto const minute = digits(text, 14, 2);
  auto const second = digits(text, 17, 2);
  if (!hour || !minute || !second || !is_one_of(text[10], "Tt ") || text[13] != ':' || text[16] != ':')
    return {};
  auto const zone = parse_zone(text.substr(19));
  if (!zone || *hour > 23 || *minute > 59 || *second > 59) return {};
  return base::WallTime(midnight + std::chrono::hours(*hour) + std::chrono::minutes(*minute) - *zone +
                        std::chrono::seconds(*second));
}

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  if (text.starts_with("unix:") || text.starts_with("fd:")) {
    bool const socket = text.starts_with("unix:");
    address.kind = socket ? Address::Kind::unix_socket : Address::Kind::inherited;
    address.host.clear();
    address.path = text.substr(text.find(':') + 1);
    bool const absolute = address.path.starts_with('/') && address.path.size() <= 107;  // sockaddr_un
    if (address.path.empty() || (socket && !absolute)) return {};
    return address;
  }
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  auto host = text.substr(0, colon);
  auto const port = parse_port(text.substr(colon + 1));
  if (!port) return {};
  bool const bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !is_ipv6(host) : !is_host(host)) return {};
  address.host = host;
  address.port = *port;
  return address;
}

bool is_http_url(std::string_view text) {
  for (std::string_view const scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    auto rest = text.substr(scheme.size());
    bool const clean =
        std::none_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
    auto authority = rest.substr(0, rest.find_first_of("/?#"));
    auto const at = authority.rfind('@');
    if (at != std::string_view::npos) return false;  // a password in a URL ends up in logs
    if (authority.starts_with('[')) {
      auto const close = authority.find(']');
      if (close == std::string_view::npos || !is_ipv6(authority.substr(1, close - 1))) return false;
      authority.remove_prefix(close + 1);
      return clean &&
             (authority.empty() || (authority[0] == ':' && parse_port(authority.substr(1)).has_value()));
    }
    auto const colon = authority.find(':');
    auto const host = authority.substr(0, colon);
    if (colon != std::string_view::npos && !parse_port(authority.substr(colon + 1))) return false;
    return clean && !host.empty() && is_host(host);
  }
  return false;
}

}  // namespace weir::config
