#include "app/catalog_meter.hpp"

#include <unordered_map>
#include <vector>

#include "router/list_writer.hpp"

namespace weir::app {
namespace {

using router::Item;
using router::ItemList;

constexpr std::size_t kBytesPerToken = 4;  // what JSON in English comes to with the usual tokenizers

std::string_view description_of(ItemList const& list, Item const& item) {
  return item.description_token.of(list.page_of(item));
}

void compare(ItemList const& before, ItemList const& now, observe::CounterSet const& changes) {
  std::unordered_map<std::string_view, Item const*> known;
  for (auto const& item : before.items()) known.emplace(item.key, &item);
  for (auto const& item : now.items()) {
    auto const found = known.find(item.key);
    if (found == known.end()) {
      changes.add("added");
      continue;
    }
    auto const& old = *found->second;
    known.erase(found);
    if (old.hash == item.hash) continue;
    changes.add(description_of(before, old) == description_of(now, item) ? "schema" : "description");
  }
  changes.add("removed", static_cast<double>(known.size()));
}

// Adds what each server's tools take up in one list, by its index.
void add_bytes(router::Catalog const* catalog, std::vector<std::size_t>& bytes) {
  if (catalog == nullptr) return;
  auto const& entries = catalog->list(router::ListKind::tools).entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!router::is_shown(entries[i], {})) continue;
    bytes[entries[i].server] += router::element_bytes(*catalog, router::ListKind::tools, i);
  }
}

}  // namespace

void CatalogMeter::catalog_published(router::CatalogSet const& before, router::CatalogSet const& now) {
  count_changes(before, now);
  count_tokens(before, now);
}

void CatalogMeter::count_tokens(router::CatalogSet const& before, router::CatalogSet const& now) {
  constexpr bool kModern = true;
  auto const& servers = now.servers();
  std::vector<std::size_t> bytes(servers.size());
  add_bytes(now.find("", kModern), bytes);
  for (auto const& server : servers) {
    if (!server.in_aggregate) add_bytes(now.find(server.name, kModern), bytes);
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto const tokens = (bytes[i] + kBytesPerToken - 1) / kBytesPerToken;
    metrics_.server(servers[i].name).catalog_tokens.set(static_cast<double>(tokens));
  }
  for (auto const& server : before.servers()) {
    if (now.server(server.name) == nullptr) metrics_.server(server.name).catalog_tokens.set(0);
  }
}

void CatalogMeter::count_changes(router::CatalogSet const& before, router::CatalogSet const& now) {
  for (auto const& server : now.servers()) {
    auto const* const old = before.server(server.name);
    bool const both = old != nullptr && old->contents && server.contents;
    if (!both || old->contents == server.contents) continue;
    auto const& changes = metrics_.server(server.name).catalog_changes;
    for (auto const kind : router::kListKinds) {
      auto const* const was = old->contents->list(kind);
      auto const* const is = server.contents->list(kind);
      ItemList const none(kind, {});
      if (was != is) compare(was == nullptr ? none : *was, is == nullptr ? none : *is, changes);
    }
  }
}

}  // namespace weir::app
