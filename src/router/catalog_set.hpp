// CatalogSet: all catalogues of one moment: every endpoint, both eras. CatalogView: a set together with one
// worker's own ways to its servers. CatalogFeed: the current view and its changes.
//
// A set is immutable and shared by all workers: one CatalogLoop makes it, every worker's feed publishes it. A
// view never leaves its worker, so calls that hold the one that routed them share no counter with other
// threads, and what the entries own dies where it lived.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
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

// Where the calls of each server go in on one worker, by CatalogServer::number.
using ServerEntries = std::unordered_map<std::uint32_t, std::shared_ptr<core::Handler>>;

struct CatalogView {
  std::shared_ptr<CatalogSet const> set;                // never null
  std::vector<std::shared_ptr<core::Handler>> entries;  // as set->servers()
};

// Told of each publish, before and after, on the feed's worker.
class CatalogListener {
 public:
  virtual ~CatalogListener() = default;
  virtual void catalog_published(CatalogSet const& before, CatalogSet const& now) = 0;
};

class CatalogFeed {
 public:
  explicit CatalogFeed(base::Scheduler& scheduler);  // begins with no server at all

  std::shared_ptr<CatalogView const> const& view() const noexcept { return view_; }
  CatalogSet const& current() const noexcept { return *view_->set; }

  // The entries of all servers that the next set may hold.
  void set_entries(ServerEntries entries) { entries_ = std::move(entries); }
  void publish(std::shared_ptr<CatalogSet const> next);
  void listen(CatalogListener& listener) { listeners_.push_back(&listener); }  // which outlives the feed

  // Wakes those who wait for changes for good: subscriptions end with their final result.
  void close() noexcept;
  bool closed() const noexcept { return closed_; }

  // Set for an instant by each publish(): await it with base::ready_until, then compare what current() shows.
  base::Event& changed() noexcept { return changed_; }

 private:
  base::Event changed_;
  ServerEntries entries_;
  std::shared_ptr<CatalogView const> view_;
  std::vector<CatalogListener*> listeners_;
  bool closed_ = false;
};

}  // namespace weir::router
