#include "app/catalog_meter.hpp"

#include <unordered_map>

namespace weir::app {
namespace {

using router::Item;
using router::ItemList;

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

}  // namespace

void CatalogMeter::catalog_published(router::CatalogSet const& before, router::CatalogSet const& now) {
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
