// Upkeep: keeps a server's subscriptions equal to what its book wants, and tells the readers.
//
// One per server, where it lives; one thread. A legacy server is asked for one resource after the other. A
// modern one gets a new subscription for the whole set; the old one ends once that is acknowledged, so
// nothing is missed, and what both say within `coalesce` is told once. After a gap everything is asked for
// again, and readers are told of each resource as if it had changed (P054, P071). Pauses between attempts
// grow from retry_min to retry_max and are jittered; who asks anew does not wait for them. Each answer is
// waited for `answer_max`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "watch/watch_book.hpp"
#include "watch/watch_plan.hpp"

namespace weir::watch {

struct WatchOptions {
  base::Duration coalesce = std::chrono::milliseconds{100};  // 50 to 250 ms
  base::Duration answer_max = std::chrono::seconds{5};
  base::Duration retry_min = std::chrono::milliseconds{250};
  base::Duration retry_max = std::chrono::seconds{60};
};

class Upkeep final : public core::ResourceObserver {
 public:
  // `random` is used on this thread only.
  // `also`: told of everything first, before any reader; may be null.
  Upkeep(base::Scheduler& scheduler, base::Random& random, std::shared_ptr<core::Backend> backend,
         WatchBook& book, WatchOptions const& options, std::shared_ptr<core::ResourceObserver> also);
  ~Upkeep() override;

  void book_changed() { work_.set(); }
  void ask_anew(std::string_view uri);
  // Until the server watches it, refuses to (its error), or cannot be asked.
  base::Task<base::Result<core::Outcome>> settled(std::string uri);
  void stop() noexcept;  // no more asking and telling

  void resource_updated(std::string_view uri) override { resource_updated_with(uri, {}); }
  void resource_updated_with(std::string_view uri, std::string_view more) override;
  void resources_missed() override;

 private:
  struct Listening;
  base::Task<void> keep();
  base::Task<void> tell();
  base::Task<void> ask_each();
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string const& uri);
  base::Task<void> renew();
  base::Task<void> listen(Listening& to, std::vector<std::string> uris);
  void acknowledged(Listening const& by, std::vector<std::string> const& wanted);
  void watched(std::string const& uri);
  void lost(base::Error const& because);
  void try_later();
  void progress();

  base::Scheduler& scheduler_;
  base::Random& random_;
  std::shared_ptr<core::Backend> backend_;
  WatchBook& book_;
  WatchOptions const options_;
  std::shared_ptr<core::ResourceObserver> const also_;
  WatchPlan plan_;
  std::uint64_t gaps_ = 0;
  unsigned failures_ = 0;  // in a row
  base::TimePoint failed_at_ = base::TimePoint::min();
  base::TimePoint retry_at_ = base::TimePoint::max();
  base::Event work_;      // for keep()
  base::Event owed_;      // for tell()
  base::Event progress_;  // pulsed when the plan has changed
  std::unique_ptr<Listening> current_;
  base::TaskGroup tasks_;  // last: they use all of the above
};

}  // namespace weir::watch
