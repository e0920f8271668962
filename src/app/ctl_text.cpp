#include "app/ctl_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "app/call_text.hpp"
#include "app/shown_text.hpp"
#include "base/glob.hpp"

namespace weir::app {
namespace {

namespace dom = simdjson::dom;

base::Error foreign() {
  return {base::Fault::protocol, base::Blame::upstream, "the answer is not a gateway's"};
}

std::optional<std::uint64_t> number_at(dom::element const& object, char const* key) {
  std::uint64_t number = 0;
  if (object[key].get_uint64().get(number) != simdjson::SUCCESS) return {};
  return number;
}

std::string shown_count(std::optional<std::uint64_t> const& count) {
  return count ? std::to_string(*count) : "unknown";
}

std::string what(admin::PurgeRequest const& request) {
  std::string out;
  auto const add = [&](std::string_view name, std::string const& value) {
    if (!value.empty()) out += fmt::format("{}{}`{}`", out.empty() ? "" : ", ", name, shown(value));
  };
  add("", request.select);
  add("uri ", request.uri);
  add("principal ", request.principal);
  add("tag ", request.tag);
  return out;
}

void render(dom::object const& object, std::string const& indent, std::string& out) {
  for (auto const [key, value] : object) {
    dom::object inner;
    std::string_view text;
    if (value.get_object().get(inner) == simdjson::SUCCESS) {
      out += fmt::format("{}{}\n", indent, shown(key));
      render(inner, indent + "  ", out);
    } else if (value.get_string().get(text) == simdjson::SUCCESS) {
      out += fmt::format("{}{}  {}\n", indent, left(shown(key), 16), shown(text));
    } else {
      out += fmt::format("{}{}  {}\n", indent, left(shown(key), 16), shown(simdjson::minify(value)));
    }
  }
}

}  // namespace

base::Result<admin::PurgeCount> read_purge_answer(std::string_view json) {
  dom::parser parser;
  dom::element root, entries;
  simdjson::padded_string const text(json);
  if (parser.parse(text).get(root) != simdjson::SUCCESS) return foreign();
  if (root["entries"].get(entries) != simdjson::SUCCESS || !entries.is_object()) return foreign();
  return admin::PurgeCount{number_at(entries, "memory"), number_at(entries, "store")};
}

std::string render_purge(admin::PurgeRequest const& request, admin::PurgeCount const& count) {
  auto const total = count.memory.value_or(0) + count.store.value_or(0);
  auto out =
      fmt::format("{} {}{} {} (l1 {}, l2 {}) of {}\n", request.dry_run ? "would drop" : "dropped",
                  count.memory && count.store ? "" : "at least ", total, total == 1 ? "entry" : "entries",
                  shown_count(count.memory), shown_count(count.store), what(request));
  if (request.dry_run) out += "run again without --dry-run to purge\n";
  return out;
}

base::Result<std::string> render_cache(std::string_view json) {
  dom::parser parser;
  dom::object root;
  simdjson::padded_string const text(json);
  if (parser.parse(text).get_object().get(root) != simdjson::SUCCESS) return foreign();
  std::string out;
  render(root, "", out);
  return out;
}

bool is_bulk(admin::PurgeRequest const& request) {
  bool const more = !(request.uri.empty() && request.principal.empty() && request.tag.empty());
  return !more && admin::names_of(request).operation.empty();
}

std::string unmatched(admin::PurgeRequest const& request, std::vector<std::string_view> const& servers) {
  auto const names = admin::names_of(request);
  bool const met = std::any_of(servers.begin(), servers.end(), [&](std::string_view server) {
    return base::glob_matches(names.server, server);
  });
  if (names.server.empty() || met) return {};
  auto out = fmt::format("no server of the gateway is called `{}`", shown(names.server));
  if (auto const meant = meant_by(names.server, servers); !meant.empty())
    out += fmt::format("; did you mean `{}`?", shown(meant));
  return out;
}

base::Result<std::uint64_t> read_drop_answer(std::string_view json) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) return foreign();
  auto const dropped = number_at(root, "dropped");
  if (!dropped) return foreign();
  return *dropped;
}

base::Result<admin::ReloadAnswer> read_reload_answer(std::string_view json) {
  dom::parser parser;
  dom::element root, servers;
  simdjson::padded_string const text(json);
  if (parser.parse(text).get(root) != simdjson::SUCCESS) return foreign();
  if (root["servers"].get(servers) != simdjson::SUCCESS || !servers.is_object()) return foreign();
  auto const count = [&](char const* key) {
    return static_cast<std::size_t>(number_at(servers, key).value_or(0));
  };
  return admin::ReloadAnswer{count("added"), count("removed"), count("changed")};
}

std::string render_reload(admin::ReloadAnswer const& answer) {
  return fmt::format("taken over: servers: {} added, {} removed, {} changed, the rest keeps running\n",
                     answer.added, answer.removed, answer.changed);
}

std::string render_drop(admin::TokenDrop const& drop, std::uint64_t dropped) {
  return fmt::format("{} dropped of `{}`\n", dropped, shown(drop.subject));
}

}  // namespace weir::app
