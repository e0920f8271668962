// ServerWatch: knows what one server offers, and finds out again when that may have changed.
//
// Owned by CatalogLoop, one task on its worker. A server that answers in part is shown in part; lists that
// fail keep their last good state. A failure, however it shows, leads to another open() after a growing,
// jittered pause. Limits: those of CatalogWatchOptions; every wait for the server has a deadline.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "router/catalog.hpp"

namespace weir::router {

struct ServerWatchOptions {
  ItemListOptions items;
  unsigned pages_max = 1000;                            // a list; beyond them it is cut
  base::Duration open_max = std::chrono::seconds{60};   // connecting or starting a child
  base::Duration ask_max = std::chrono::seconds{30};    // one page
  base::Duration retry_min = std::chrono::seconds{1};   // doubled after each failure …
  base::Duration retry_max = std::chrono::seconds{60};  // … up to this, each ± 20 %
  base::Duration coalesce =
      std::chrono::milliseconds{100};                     // 50 to 250 ms: changes are gathered for this long
  base::Duration refresh_min = std::chrono::seconds{30};  // freshness that a server grants is not shorter
};

class ServerWatch {
 public:
  using Kinds = std::bitset<kListKinds.size()>;

  // `found` is called whenever contents() or readiness() changed. It must not destroy the watch.
  ServerWatch(base::Scheduler& scheduler, base::Random& random, ServerWatchOptions const& options,
              std::shared_ptr<core::Backend> backend, std::function<void()> found);

  void start() { group_.spawn(run()); }
  void stop() noexcept { group_.cancel(); }

  void list_changed(Kinds kinds);  // a notification came
  void state_changed();            // backend->status() says what to
  void era_changed();              // open() is due, though nothing is wrong
  void set_list_ttl(std::optional<base::Duration> ttl) noexcept {
    options_.items.ttl = ttl;
  }  // of the next lists

  std::shared_ptr<core::Backend> const& backend() const noexcept { return backend_; }
  Readiness readiness() const noexcept { return readiness_; }
  base::TimePoint since() const noexcept { return since_; }
  std::shared_ptr<ServerContents const> const& contents() const noexcept { return contents_; }

 private:
  using ListResult = base::Result<std::shared_ptr<ItemList const>>;
  base::Task<void> run();
  base::Task<bool> refresh();
  base::Task<bool> reopen(ServerContents& next);
  base::Task<bool> read_lists(ServerContents& next, Kinds wanted);
  base::Task<ListResult> read_list(ListKind kind, ItemListOptions options);
  base::Task<base::Result<mcp::Message>> ask(ListKind kind, std::string params);
  base::Duration pause();
  base::TimePoint next_refresh();
  void settle(Readiness readiness, std::shared_ptr<ServerContents const> contents);

  base::Scheduler& scheduler_;
  base::Random& random_;
  ServerWatchOptions options_;
  std::shared_ptr<core::Backend> backend_;
  std::function<void()> found_;
  base::TimePoint since_;
  Readiness readiness_ = Readiness::pending;
  std::shared_ptr<ServerContents const> contents_;
  std::array<std::uint64_t, kListKinds.size()> announced_{};
  Kinds stale_;            // lists to ask for; set again while asking means: ask once more
  bool closed_ = true;     // open() is due
  unsigned failures_ = 0;  // in a row
  base::Event woken_;
  base::TaskGroup group_;  // last: its task uses all of the above
};

}  // namespace weir::router
