// CatalogSet: all catalogues of one moment: every endpoint, both eras. CatalogFeed: the current one and its
// changes.
//
// A set is immutable; calls hold the one that routed them. The feed belongs to one worker: CatalogLoop
// publishes, the router and whoever counts listen.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/sync.hpp"
#include "router/catalog.hpp"

namespace weir::router {

class CatalogSet {
 public:
  CatalogSet(CatalogOptions const& options, std::shared_ptr<CatalogServers const> servers,
             std::uint64_t generation);

  std::uint64_t generation() const noexcept { return generation_; }
  NameRules const& names() const noexcept { return names_; }
  CatalogServers const& servers() const noexcept { return *servers_; }
  CatalogServer const* server(std::string_view name) const noexcept;
  Catalog const* find(std::string_view endpoint, bool modern) const;  // null: no such endpoint

 private:
  std::shared_ptr<CatalogServers const> servers_;
  std::uint64_t generation_;
  NameRules names_;
  std::map<std::string, std::array<std::unique_ptr<Catalog const>, 2>, std::less<>> catalogs_;
};

// Told at once of each new set, for metrics and status. It must not call the feed or the loop.
class CatalogListener {
 public:
  virtual ~CatalogListener() = default;
  virtual void catalog_published(CatalogSet const& before, CatalogSet const& now) = 0;
};

class CatalogFeed {
 public:
  CatalogFeed(base::Scheduler& scheduler, std::shared_ptr<CatalogSet const> first)
      : changed_(scheduler), current_(std::move(first)) {}

  std::shared_ptr<CatalogSet const> const& current() const noexcept { return current_; }
  void listen(CatalogListener& listener) { listeners_.push_back(&listener); }  // which outlives the feed
  void publish(std::shared_ptr<CatalogSet const> next);

  // Wakes those who wait for changes for good: subscriptions end with their final result.
  void close() noexcept;
  bool closed() const noexcept { return closed_; }

  // Set for an instant by each publish(): await it with base::ready_until, then compare what current() shows.
  base::Event& changed() noexcept { return changed_; }

 private:
  base::Event changed_;
  std::shared_ptr<CatalogSet const> current_;
  std::vector<CatalogListener*> listeners_;
  bool closed_ = false;
};

}  // namespace weir::router
