// WatchCalls: the resources that one modern subscription watches, each at the server that owns it.
//
// Owned by the frame of the subscription; one worker. For every server concerned a call of its own runs, a
// subscriptions/listen with that server's URIs, as long as the subscription does; its notifications are kept
// here until they are taken: each URI at most once. Servers are asked for their own URIs; what is
// acknowledged and taken are the client's forms of them. When a URI changes hands (a reload, other lists) the
// calls are made anew and the URI counts as changed (P071).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/sync.hpp"
#include "core/call.hpp"
#include "router/catalog_set.hpp"

namespace weir::router {

class WatchCalls {
 public:
  // `like`: the client's call, which outlives this.
  WatchCalls(base::Scheduler& scheduler, CatalogFeed& feed, core::Call const& like);
  ~WatchCalls();

  // Of these, what can be watched now: their owner is known and lets itself be subscribed to.
  std::vector<std::string> able(std::vector<std::string> const& uris) const;
  void watch(std::vector<std::string> uris);  // once
  // Until all servers concerned have been asked, or that time. What is asked for later than that counts as
  // changed then.
  base::Task<void> attached(base::TimePoint until);
  void follow_feed();  // whenever the feed has changed

  base::Event& news() noexcept { return news_; }
  std::map<std::string, std::string> take();  // what has changed, and what was said of it besides

 private:
  struct Owner {
    std::shared_ptr<core::Handler> entry;
    std::map<std::string, std::vector<std::string>> uris;  // its own → as the client named them
    bool operator==(Owner const&) const = default;
  };
  class Running;
  std::map<std::uint32_t, Owner> owners(std::vector<std::string> const& uris) const;
  void changed(Owner const& owner);
  void changed(std::string const& shown, std::string_view more);

  base::Scheduler& scheduler_;
  CatalogFeed& feed_;
  core::Call const& like_;
  std::vector<std::string> uris_;
  std::shared_ptr<CatalogView const> view_;  // that the calls were made for
  bool late_ = false;
  std::map<std::string, std::string> changed_;
  base::Event news_;
  std::map<std::uint32_t, std::unique_ptr<Running>> running_;
};

}  // namespace weir::router
