#include "app/status_view.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>

#include "app/colour.hpp"
#include "app/shown_text.hpp"
#include "app/status_words.hpp"

namespace weir::app {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t kStderrLinesMax = 5;

void read(dom::element const& object, char const* key, std::string& into) {
  std::string_view text;
  if (object[key].get_string().get(text) == simdjson::SUCCESS) into = text;
}
void read(dom::element const& object, char const* key, std::uint64_t& into) {
  std::uint64_t number = 0;
  if (object[key].get_uint64().get(number) == simdjson::SUCCESS) into = number;
}

ServerView read_server(dom::element const& object) {
  ServerView server;
  read(object, "name", server.name);
  read(object, "state", server.state);
  read(object, "transport", server.transport);
  read(object, "era", server.era);
  read(object, "tools", server.tools);
  read(object, "restarts", server.restarts);
  read(object, "suspect_tools", server.suspect_tools);
  read(object, "people_signed_in", server.people_signed_in);
  read(object, "cause", server.cause);
  read(object, "stderr", server.last_stderr);
  read(object, "breaker", server.breaker);
  read(object, "breaker_reason", server.breaker_reason);
  read(object, "breaker_s", server.breaker_s);
  read(object, "reopens_in_ms", server.reopens_in_ms);
  return server;
}

std::optional<AuthView> read_auth(dom::element const& root) {
  dom::element object;
  if (root["auth"].get(object) != simdjson::SUCCESS) return std::nullopt;
  AuthView auth;
  read(object, "issuer", auth.issuer);
  read(object, "state", auth.state);
  read(object, "cause", auth.cause);
  read(object, "since_s", auth.since_s);
  return auth;
}

std::string plural(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string reason_words(std::string_view reason) {
  if (reason == "failures") return "failures in a row";
  if (reason == "failure_rate") return "too many failures";
  if (reason == "slow_rate") return "too many slow calls";
  return shown(reason);
}

// "" while it is closed.
std::string breaker_words(ServerView const& server, bool colour) {
  bool const open = server.breaker == "open";
  if (!open && server.breaker != "half_open") return {};
  auto text = fmt::format("  breaker {} {} ({})",
                          open ? painted("OPEN", "1;31", colour) : painted("HALF-OPEN", "33", colour),
                          shown_duration(server.breaker_s), reason_words(server.breaker_reason));
  if (!open) return text + ", probing";
  if (server.reopens_in_ms == 0) return text + ", the next call is a probe";
  return text + fmt::format(", probe in {}", shown_duration((server.reopens_in_ms + 999) / 1000));
}

std::string auth_line(AuthView const& auth, bool colour) {
  std::string out = "auth     " + shown(auth.issuer) + "  ";
  out += auth.state == "ok"      ? painted("ok", "32", colour)
         : auth.state == "stale" ? painted("KEYS STALE", "33", colour)
                                 : painted("NO KEYS", "1;31", colour);
  if (!auth.cause.empty()) out += " " + shown_duration(auth.since_s) + "  " + shown(auth.cause);
  return out + "\n";
}

std::string server_lines(ServerView const& server, std::size_t name_width, std::size_t era_width,
                         bool colour) {
  std::string out = "  " + left(shown(server.name), name_width) + "  ";
  bool const starting = server.state == "starting";
  if (!server.ok() && !starting) {
    out += painted("FAILED", "1;31", colour);
    if (!server.cause.empty()) out += "  " + shown(server.cause);
    if (server.restarts > 0) out += fmt::format(" ({})", plural(server.restarts, "restart"));
    out += breaker_words(server, colour);
    return out + "\n" + last_lines(last_words(server.last_stderr, kWordsShownMax), kStderrLinesMax, "    | ");
  }
  out += starting            ? painted("starting", "33", colour)
         : server.degraded() ? painted("degraded", "1;33", colour)
                             : painted("ok", "32", colour) + "      ";
  out += fmt::format("  {}  {}  {} tools", left(shown(server.transport), 5),
                     left(server.era.empty() ? "-" : shown(server.era), era_width),
                     right(std::to_string(server.tools), 4));
  if (server.restarts > 0) out += fmt::format("  ({})", plural(server.restarts, "restart"));
  out += breaker_words(server, colour);
  if (server.ok() && !server.cause.empty()) out += "  " + shown(server.cause);  // up, but without its lists
  if (server.suspect_tools > 0) {
    out += "  " + painted(fmt::format("{} suspect", server.suspect_tools), "33", colour) +
           fmt::format(": weir tools {}", shown(server.name));
  }
  if (server.people_signed_in > 0) {
    bool const one = server.people_signed_in == 1;
    out +=
        fmt::format("  {} signed in", one ? "1 person" : fmt::format("{} people", server.people_signed_in));
  }
  return out + "\n";
}

}  // namespace

bool StatusView::good() const noexcept {
  return !(auth && auth->state == "no_keys") &&
         std::all_of(servers.begin(), servers.end(),
                     [](ServerView const& server) { return server.ok() && !server.degraded(); });
}

ServerView const* StatusView::server(std::string_view name) const noexcept {
  auto const found =
      std::find_if(servers.begin(), servers.end(), [name](auto const& s) { return s.name == name; });
  return found == servers.end() ? nullptr : &*found;
}

base::Result<StatusView> read_status(std::string_view json) {
  dom::parser parser;
  dom::element root;
  StatusView status;
  bool const parsed = parser.parse(simdjson::padded_string(json)).get(root) == simdjson::SUCCESS;
  if (parsed) read(root, "weir", status.weir);
  if (status.weir.empty()) {
    return base::Error(base::Fault::protocol, base::Blame::upstream, "what answered is not a Weir gateway");
  }
  if (root["ready"].get_bool().get(status.ready) != simdjson::SUCCESS) status.ready = false;
  read(root, "uptime_s", status.uptime_s);
  read(root, "sessions", status.sessions);
  read(root, "in_flight", status.in_flight);
  read(root, "connections", status.connections);
  dom::array list;
  if (root["mcp"].get_array().get(list) == simdjson::SUCCESS) {
    for (auto const url : list) {
      std::string_view text;
      if (url.get_string().get(text) == simdjson::SUCCESS) status.mcp_urls.emplace_back(text);
    }
  }
  status.auth = read_auth(root);
  if (root["servers"].get_array().get(list) == simdjson::SUCCESS) {
    for (auto const server : list) status.servers.push_back(read_server(server));
  }
  return status;
}

std::string shown_duration(std::uint64_t seconds) {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kHour = 60 * kMinute;
  constexpr std::uint64_t kDay = 24 * kHour;
  if (seconds >= kDay) return fmt::format("{}d{}h", seconds / kDay, seconds % kDay / kHour);
  if (seconds >= kHour) return fmt::format("{}h{}m", seconds / kHour, seconds % kHour / kMinute);
  if (seconds >= kMinute) return fmt::format("{}m{}s", seconds / kMinute, seconds % kMinute);
  return fmt::format("{}s", seconds);
}

std::string render_status(StatusView const& status, bool colour) {
  std::string out =
      fmt::format("gateway  {}  up {}  weir {}\n",
                  status.ready ? painted("ready", "32", colour) : painted("not ready", "1;33", colour),
                  shown_duration(status.uptime_s), shown(status.weir));
  for (auto const& url : status.mcp_urls) out += "mcp      " + shown(url) + "\n";
  out += fmt::format("traffic  {} in flight, {}, {}\n", plural(status.in_flight, "call"),
                     plural(status.sessions, "session"), plural(status.connections, "connection"));
  if (status.auth) out += auth_line(*status.auth, colour);
  std::size_t ok = 0;
  std::size_t degraded = 0;
  std::size_t starting = 0;
  std::size_t name_width = 0;
  std::size_t era_width = 0;
  for (auto const& server : status.servers) {
    ok += server.ok() && !server.degraded() ? 1 : 0;
    degraded += server.degraded() ? 1 : 0;
    starting += server.state == "starting" ? 1 : 0;
    name_width = std::max(name_width, width_of(shown(server.name)));
    era_width = std::max(era_width, width_of(server.era));
  }
  auto const failed = status.servers.size() - ok - degraded - starting;
  out += fmt::format("servers  {} ok", ok);
  if (degraded > 0) out += fmt::format(", {} degraded", degraded);
  if (starting > 0) out += fmt::format(", {} starting", starting);
  if (failed > 0) out += fmt::format(", {} failed", failed);
  out += '\n';
  for (auto const& server : status.servers) out += server_lines(server, name_width, era_width, colour);
  return out;
}

}  // namespace weir::app
