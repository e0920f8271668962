#include "router/catalog_set.hpp"

#include <utility>

#include "base/assert.hpp"

namespace weir::router {

CatalogSet::CatalogSet(CatalogOptions const& options, std::shared_ptr<CatalogServers const> servers,
                       std::uint64_t generation)
    : servers_(std::move(servers)), generation_(generation), names_(options.names) {
  auto const add = [&](std::string_view endpoint) {
    auto& pair = catalogs_[std::string(endpoint)];
    for (bool const modern : {false, true}) {
      pair[modern ? 1 : 0] = std::make_unique<Catalog const>(options, endpoint, modern, servers_);
    }
  };
  add("");
  for (auto const& server : *servers_) add(server.name);
}

CatalogServer const* CatalogSet::server(std::string_view name) const noexcept {
  for (auto const& one : *servers_) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

Catalog const* CatalogSet::find(std::string_view endpoint, bool modern) const {
  auto const found = catalogs_.find(endpoint);
  return found == catalogs_.end() ? nullptr : found->second[modern ? 1 : 0].get();
}

CatalogFeed::CatalogFeed(base::Scheduler& scheduler) : changed_(scheduler) {
  publish(std::make_shared<CatalogSet const>(CatalogOptions{}, std::make_shared<CatalogServers const>(), 0));
}

void CatalogFeed::publish(std::shared_ptr<CatalogSet const> next) {
  auto view = std::make_shared<CatalogView>();
  for (auto const& server : next->servers()) {
    auto const entry = entries_.find(server.number);
    WEIR_ASSERT(entry != entries_.end() || server.set_aside);
    view->entries.push_back(server.set_aside ? nullptr : entry->second);
  }
  view->set = std::move(next);
  auto const before = std::exchange(view_, std::move(view));
  for (auto* const listener : listeners_) listener->catalog_published(*before->set, *view_->set);
  changed_.set();
  changed_.reset();
}

void CatalogFeed::close() noexcept {
  closed_ = true;
  changed_.set();
}

}  // namespace weir::router
