// CacheLayer: answers a call from memory where it may, and sees to it that updates are noticed.
//
// One per server and worker, outermost on that server's side, so that a hit costs no hop and nothing below.
// Who calls and whether the call is allowed has been decided before it gets here (P098). What memory cannot
// answer goes inward with a CacheOrder, for FetchLayer at the server's home. An entry near its end, or just
// past it where that is allowed, is renewed in the background: at most kRefreshesMax at a time, one for each
// key. A call that is an update invalidates what it touches when it ends, whatever its end, unless that
// proves that it was never executed (F-36): also when its caller leaves. One of which nobody knows the end,
// or that became a task, invalidates once more after kTouchAgainAfter. Every look-up counts once: as a hit or
// as a miss; a stale answer is a miss and a stale hit. Of a call that failed it can say what is still kept: a
// copy that is over or invalidated, of memory or of the store, whichever is younger.
#pragma once

#include <functional>
#include <memory>
#include <unordered_set>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "cache/cache_policy.hpp"
#include "cache/response_cache.hpp"
#include "core/copy_shelf.hpp"

namespace weir::cache {

class CacheLayer final : public core::Handler, public core::CopyShelf {
 public:
  static constexpr std::size_t kRefreshesMax = 64;
  static constexpr base::Duration kRenewAgainAfter = std::chrono::seconds{1};  // one that failed
  static constexpr base::Duration kTouchAgainAfter = std::chrono::seconds{30};

  // `cache` and `metrics` outlive the layer. `sheds_renewals`: whether a renewal that is due is one to leave
  // out because the process has too much to do; may be empty.
  CacheLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, base::Random& random,
             ResponseCache& cache, observe::ServerMetrics const& metrics,
             std::shared_ptr<CachePolicy const> policy, std::function<bool()> sheds_renewals = {})
      : inner_(std::move(inner)),
        scheduler_(scheduler),
        random_(random.next()),
        cache_(cache),
        metrics_(metrics),
        policy_(std::move(policy)),
        sheds_renewals_(std::move(sheds_renewals)),
        refreshes_(scheduler) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  std::optional<core::Outcome> copy_for(core::Call& call) override;
  bool updates(core::Call const& call) const override { return policy_->updates(call); }

  void set_policy(std::shared_ptr<CachePolicy const> policy) {  // a reload
    policy_ = std::move(policy);
    callers_ = {};
  }
  std::size_t refreshing() const noexcept { return renewed_.size(); }

 private:
  using Answer = base::Result<core::Outcome>;
  class LookUp;
  class Touch;
  class Renewal;
  struct KeyHash {
    std::size_t operator()(base::Digest const& key) const noexcept {
      return static_cast<std::size_t>(key.low);
    }
  };

  base::Task<Answer> serve(core::Call& call, CacheOrder order);
  base::Task<Answer> update(core::Call& call, std::shared_ptr<CachePolicy const> policy);
  base::Task<void> touch_again(std::vector<store::Selection> touched);
  std::optional<core::Outcome> from_memory(core::Call& call, CacheOrder const& order);
  void renew(core::Call const& call, CacheOrder const& order);
  base::Task<void> renewing(std::shared_ptr<Renewal> renewal);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  base::SeededRandom random_;  // of its own: asking the system costs more than a look-up
  ResponseCache& cache_;
  observe::ServerMetrics const& metrics_;
  std::shared_ptr<CachePolicy const> policy_;
  std::function<bool()> sheds_renewals_;
  KnownCallers callers_;
  std::unordered_set<base::Digest, KeyHash> renewed_;
  base::TaskGroup refreshes_;  // last: its tasks use the rest
};

}  // namespace weir::cache
