// What people ask of the cache: its state, and to throw things away.
#include <fmt/format.h>

#include <algorithm>

#include "app/cache_options.hpp"
#include "app/cache_tiers.hpp"
#include "base/glob.hpp"
#include "mcp/json_text.hpp"
#include "mcp/method.hpp"

namespace weir::app {

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

void add(std::optional<std::uint64_t>& total, std::optional<std::uint64_t> more) {
  total = total && more ? std::optional(*total + *more) : std::nullopt;
}

bool means(std::string const& pattern, std::string_view name) {
  return pattern.empty() || base::glob_matches(pattern, name);
}

}  // namespace

std::vector<cache::PurgeBucket> offered(router::CatalogSet const& set, store::Selection const& what) {
  std::vector<cache::PurgeBucket> buckets;
  std::string const reads(mcp::traits_of(mcp::Method::resources_read).name);
  for (auto const& server : set.servers()) {
    if (!means(what.server, server.name) || !server.contents) continue;
    std::string const name(server.name);
    for (auto const kind : {router::ListKind::tools, router::ListKind::prompts}) {
      auto const* const list = server.contents->list(kind);
      if (list == nullptr) continue;
      for (auto const& item : list->items()) {
        if (means(what.operation, item.key)) buckets.push_back({name, item.key});
      }
    }
    if (means(what.operation, reads)) buckets.push_back({name, reads});
  }
  return buckets;
}

base::Result<std::vector<store::Selection>> CacheTiers::selected(admin::PurgeRequest const& request) const {
  auto const refused = [](std::string text) {
    return base::Error(base::Fault::invalid_input, base::Blame::client, std::move(text));
  };
  std::vector<store::Selection> selections;
  auto const named = selection_of(request.select.empty() ? "*" : request.select);
  bool const known = std::any_of(servers_.begin(), servers_.end(),
                                 [&](std::string const& name) { return means(named.server, name); });
  if (!known) return refused("No configured server is called `" + named.server + "`.");
  if (request.tag.empty()) {
    selections.push_back(named);
  } else {
    for (auto const& tool : settings_.tools) {
      if (std::find(tool.tags.begin(), tool.tags.end(), request.tag) == tool.tags.end()) continue;
      selections.push_back(selection_of(tool.pattern));
    }
    if (selections.empty()) return refused("No rule of `caching.tools` has the tag `" + request.tag + "`.");
  }
  for (auto& selection : selections) {
    selection.target = request.uri;
    if (!request.principal.empty()) selection.who = responses_->keys()->who(request.principal);
  }
  return selections;
}

base::Task<base::Result<std::string>> CacheTiers::purge(admin::PurgeRequest request) {
  auto const selections = selected(request);
  if (!selections) co_return selections.error();
  admin::PurgeCount count{0, 0};
  for (auto const& selection : *selections) {
    add(count.memory, responses_->in_memory(selection));
    if (store_) add(count.store, co_await store_->count(parts_.loop, selection));
  }
  if (!request.dry_run) {
    for (auto const& selection : *selections) responses_->invalidate(selection, true, cache::Cause::manual);
    parts_.log.event(observe::Level::info, "cache.purge",
                     fmt::format("thrown away: {}", admin::purge_body(request)));
  }
  co_return admin::purge_answer(count, request.dry_run);
}

std::string CacheTiers::status_json() const {
  auto const& table = responses_->table();
  auto const counted = table.counters();
  std::string out = fmt::format(
      R"({{"version":1,"memory":{{"enabled":{},"entries":{},"bytes":{},"hits":{},"misses":{},"evicted":{},)"
      R"("expired":{}}},"store":)",
      settings_.enabled && settings_.memory.enabled, table.size(), table.bytes(), counted.hits,
      counted.misses, counted.evicted_size + counted.evicted_server_cap, counted.expired);
  if (!store_) return out + "{\"kind\":\"none\"}}\n";
  auto const status = store_->status();
  out += fmt::format(
      R"({{"kind":{},"ready":{},"cause":{},"warning":{},"entries":{},"bytes":{},"hits":{},"misses":{},)",
      json_string(status.kind), status.ready, json_string(status.cause), json_string(status.warning),
      status.entries, status.bytes, status.hits, status.misses);
  out += fmt::format(R"("writes":{},"dropped":{},"failures":{},"rejected":{},"evicted":{},"rebuilt":{}}}}})",
                     status.writes, status.writes_dropped, status.failures, status.rejected, status.evictions,
                     status.rebuilt);
  return out + "\n";
}

}  // namespace weir::app
