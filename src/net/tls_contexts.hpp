// TlsContexts: the process's contexts for TLS to servers with a trust of their own, one for each content.
//
// Shell of TlsContextCache; any thread. get() answers at once what is kept; otherwise one context is built
// off the loop for all who ask meanwhile, whichever loops they are on (F-21). Waiting for it can be
// cancelled; the build goes on and is kept. At most kWaitersMax wait. `off_loop` and what it runs must end
// before this does; loops outlive everything that waits on them. Errors of get(): config (cannot be built),
// busy, timed_out.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/random.hpp"
#include "base/sync.hpp"
#include "base/task.hpp"
#include "net/tls_context.hpp"
#include "net/tls_context_cache.hpp"
#include "net/tls_profile.hpp"

namespace weir::net {

// A profile and the name that its context is kept under. Immutable; made by TlsContexts::trust().
struct TlsTrust {
  TlsProfile profile;
  base::Digest key;
};

class TlsContexts {
 public:
  static constexpr std::size_t kWaitersMax = 4096;
  using Build = std::function<base::Result<TlsContext::Ptr>(TlsProfile const&)>;  // on any thread
  using OffLoop = std::function<bool(std::function<void()>)>;                     // false: refused

  TlsContexts(base::Clock const& clock, base::Random& random, ContextCacheOptions const& options, Build build,
              OffLoop off_loop);
  ~TlsContexts();
  TlsContexts(TlsContexts const&) = delete;
  TlsContexts& operator=(TlsContexts const&) = delete;

  std::shared_ptr<TlsTrust const> trust(TlsProfile profile) const;

  base::Task<base::Result<TlsContext::Ptr>> get(base::Scheduler& here, std::shared_ptr<TlsTrust const> of,
                                                base::TimePoint deadline);

  void set_options(ContextCacheOptions const& options);
  void expire();  // lets go of what is too old; for a timer
  std::size_t size() const;
  ContextCacheCounters counters() const;
  // Told how long each build took, on the thread that built. Set before the first get().
  void on_built(std::function<void(base::Duration)> tell) { tell_ = std::move(tell); }

 private:
  using Cache = TlsContextCache<TlsContext>;
  struct Waiter;
  struct Waiting;
  void build(std::shared_ptr<TlsTrust const> const& of);
  void tell(base::Digest const& key, base::Result<TlsContext::Ptr> const& result);

  base::Clock const& clock_;
  Build const build_;
  OffLoop const off_loop_;
  base::Secret secret_;
  std::function<void(base::Duration)> tell_;
  mutable std::mutex lock_;
  Cache cache_;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace weir::net
