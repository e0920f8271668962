#include <algorithm>
#include <array>

#include "base/ready_until.hpp"
#include "net/tls_contexts.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;

namespace {

base::Secret draw(base::Random& random) {
  std::array<unsigned char, 32> bytes{};
  random.fill(bytes);
  return base::Secret({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

Error too_many() { return Error(Fault::busy, Blame::gateway, "too many TLS contexts are being built"); }

}  // namespace

// One who waits; the result is written on the thread of its loop.
struct TlsContexts::Waiter {
  Waiter(base::Scheduler& loop, base::Digest const& wanted) noexcept : here(loop), key(wanted), done(loop) {}
  base::Scheduler& here;
  base::Digest const key;
  base::Event done;
  std::optional<Result<TlsContext::Ptr>> result;
};

// Its place among those who are told; gone with whoever waits.
struct TlsContexts::Waiting {
  TlsContexts& contexts;
  std::shared_ptr<Waiter> waiter;
  Waiting(TlsContexts& of, std::shared_ptr<Waiter> who) noexcept : contexts(of), waiter(std::move(who)) {}
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting() {
    std::lock_guard const guard(contexts.lock_);
    std::erase(contexts.waiters_, waiter);
  }
};

TlsContexts::TlsContexts(base::Clock const& clock, base::Random& random, ContextCacheOptions const& options,
                         Build build, OffLoop off_loop)
    : clock_(clock),
      build_(std::move(build)),
      off_loop_(std::move(off_loop)),
      secret_(draw(random)),
      cache_(options, random.next()) {}

TlsContexts::~TlsContexts() = default;

std::shared_ptr<TlsTrust const> TlsContexts::trust(TlsProfile profile) const {
  auto const key = digest_of(profile, secret_);
  return std::make_shared<TlsTrust const>(TlsTrust{std::move(profile), key});
}

base::Task<Result<TlsContext::Ptr>> TlsContexts::get(base::Scheduler& here,
                                                     std::shared_ptr<TlsTrust const> of,
                                                     base::TimePoint deadline) {
  auto const waiter = std::make_shared<Waiter>(here, of->key);
  Waiting const waiting(*this, waiter);
  Cache::Leavers leavers;
  bool mine = false;
  {
    std::lock_guard const guard(lock_);
    auto answer = cache_.ask(of->key, clock_.now(), leavers);
    if (answer.next == Cache::Next::use) co_return std::move(answer.context);
    if (answer.next == Cache::Next::broken) co_return *answer.why;
    if (answer.next == Cache::Next::busy) co_return too_many();
    mine = answer.next == Cache::Next::build;
    if (!mine && waiters_.size() >= kWaitersMax) co_return too_many();
    waiters_.push_back(waiter);
  }
  leavers.clear();
  if (mine && !off_loop_([this, of] { build(of); })) {
    {
      std::lock_guard const guard(lock_);
      cache_.given_up(of->key);
    }
    tell(of->key, too_many());
  }
  if (!co_await base::ready_until(here, waiter->done, deadline)) {
    co_return Error(Fault::timed_out, Blame::gateway, "building a TLS context took too long", Retry::always);
  }
  co_return *waiter->result;
}

void TlsContexts::build(std::shared_ptr<TlsTrust const> const& of) {
  auto const begun = clock_.now();
  auto made = build_(of->profile);
  auto const now = clock_.now();
  if (tell_) tell_(now - begun);
  Cache::Leavers leavers;
  {
    std::lock_guard const guard(lock_);
    if (made) {
      cache_.built(of->key, *made, now, leavers);
    } else {
      cache_.failed(of->key, made.error(), now);
    }
  }
  tell(of->key, made);
}

// Posts under the lock: whoever has given up has left the list by then, and its loop may be gone.
void TlsContexts::tell(base::Digest const& key, Result<TlsContext::Ptr> const& result) {
  std::lock_guard const guard(lock_);
  std::erase_if(waiters_, [&](std::shared_ptr<Waiter> const& each) {
    if (!(each->key == key)) return false;
    each->here.post([waiter = each, result] {
      waiter->result = result;
      waiter->done.set();
    });
    return true;
  });
}

void TlsContexts::set_options(ContextCacheOptions const& options) {
  Cache::Leavers leavers;
  std::lock_guard const guard(lock_);
  cache_.set_options(options, leavers);
}

void TlsContexts::expire() {
  Cache::Leavers leavers;
  std::lock_guard const guard(lock_);
  cache_.expire(clock_.now(), leavers);
}

std::size_t TlsContexts::size() const {
  std::lock_guard const guard(lock_);
  return cache_.size();
}

ContextCacheCounters TlsContexts::counters() const {
  std::lock_guard const guard(lock_);
  return cache_.counters();
}

}  // namespace weir::net
