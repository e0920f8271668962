// WatchBook: who wants to hear of which resource of one server, and who is still to be told.
//
// One per server, where it lives; one thread. A reader is a legacy session or a modern subscription, under a
// key of its own. Changes are gathered until tell(): many of one resource are one notification, with what the
// newest of them said besides (core::said_besides()), and nothing of those before it. The book goes by the
// server's own URIs and tells each reader the form that it used. A ticket is what a watch takes up elsewhere
// (its places in the bounds); it dies with the watch. No bounds of its own.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace weir::watch {

class Watcher {
 public:
  virtual ~Watcher() = default;
  // `more`: what was said besides. False: it is over.
  virtual bool updated(std::string const& shown, std::string const& more, base::TimePoint now) = 0;
};

class WatchBook {
 public:
  using Ticket = std::shared_ptr<void const>;

  bool has(std::string_view reader, std::string_view uri) const;
  // `shown`: what the reader calls it. Again for the same resource: the newest form counts, the ticket stays.
  void add(std::string const& reader, std::shared_ptr<Watcher> watcher, std::string const& uri,
           std::string shown, Ticket ticket);
  void remove(std::string_view reader, std::string_view uri);
  void remove(std::string_view reader);

  bool wanted(std::string_view uri) const { return topics_.contains(uri); }
  std::vector<std::string> uris() const;  // wanted by anybody, in order
  std::size_t readers() const noexcept { return readers_.size(); }

  // The resource has changed, or may have. False: nobody wants to know.
  bool touch(std::string_view uri, std::string_view more = {});
  // It is only taken for changed: that says nothing, and nothing against what a change has said.
  bool suspect(std::string_view uri);
  bool owes() const noexcept { return !owed_.empty(); }
  void tell(base::TimePoint now);  // readers that are over leave

 private:
  struct Watch {
    std::string shown;
    Ticket ticket;
  };
  struct Reader {
    std::shared_ptr<Watcher> watcher;
    std::map<std::string, Watch, std::less<>> uris;
  };
  void leave_topic(std::string_view uri, std::string_view reader);

  std::map<std::string, Reader, std::less<>> readers_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> topics_;  // readers by URI
  std::map<std::string, std::string, std::less<>> owed_;  // and what was said of each
};

}  // namespace weir::watch
