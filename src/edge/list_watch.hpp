// ListWatch: tells one legacy client which lists have changed, while somebody reads its own stream.
//
// Owned by the task that reads; one worker. Changes within kCoalesce are one notification. What the client
// was told stays with its outbox, so a change while nobody read is told to the next reader (and changes are
// never told twice for a reconnect).
#pragma once

#include <string>

#include "router/catalog_set.hpp"
#include "session/outbox.hpp"

namespace weir::edge {

class ListWatch {
 public:
  static constexpr base::Duration kCoalesce = std::chrono::milliseconds{100};

  // `endpoint` lives as long as the feed.
  ListWatch(router::CatalogFeed& feed, std::string_view endpoint, std::shared_ptr<session::Outbox> outbox)
      : feed_(feed), endpoint_(endpoint), outbox_(std::move(outbox)) {}

  // Posts what is due; look again at the time returned, and when the feed has changed.
  base::TimePoint look(base::TimePoint now);

 private:
  router::CatalogFeed& feed_;
  std::string_view endpoint_;
  std::shared_ptr<session::Outbox> outbox_;
  base::TimePoint due_ = base::TimePoint::max();
};

}  // namespace weir::edge
