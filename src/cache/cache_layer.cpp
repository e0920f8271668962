#include "cache/cache_layer.hpp"

#include "cache/kept_form.hpp"
#include "core/owned_call.hpp"

namespace weir::cache {

using core::CacheUse;

namespace {

double luck_of(base::Random& random) { return static_cast<double>(random.next() >> 11U) * 0x1p-53; }

void invalidate_all(ResponseCache& cache, std::vector<store::Selection> const& touched) {
  for (auto const& selection : touched) cache.invalidate(selection, false, Cause::update);
}

}  // namespace

// Marks what an update touches when it dies, unless the update is known not to have happened. One of which
// nobody knows the end may still be at work: it is marked once more, later.
class CacheLayer::Touch {
 public:
  Touch(CacheLayer& layer, std::vector<store::Selection> touched)
      : layer_(layer), touched_(std::move(touched)) {}
  Touch(Touch const&) = delete;
  Touch& operator=(Touch const&) = delete;
  ~Touch() {
    invalidate_all(layer_.cache_, touched_);
    if (!ended_ && layer_.refreshes_.size() < 2 * kRefreshesMax) {
      layer_.refreshes_.spawn(layer_.touch_again(std::move(touched_)));
    }
  }
  void ended() noexcept { ended_ = true; }
  void never_happened() noexcept {
    touched_.clear();
    ended_ = true;
  }

 private:
  CacheLayer& layer_;
  std::vector<store::Selection> touched_;
  bool ended_ = false;
};

// Counts one look-up by what the call's facts say at its end.
class CacheLayer::LookUp {
 public:
  LookUp(observe::ServerMetrics const& metrics, core::Call const& call) noexcept
      : metrics_(metrics), call_(call) {}
  LookUp(LookUp const&) = delete;
  LookUp& operator=(LookUp const&) = delete;
  ~LookUp() {
    auto const use = call_.facts.cache.use;
    (use == CacheUse::hit ? metrics_.cache_hits : metrics_.cache_misses).add();
    if (use == CacheUse::stale) metrics_.cache_stale_hits.add();
  }

 private:
  observe::ServerMetrics const& metrics_;
  core::Call const& call_;
};

// A call of the cache's own, for nobody.
class CacheLayer::Renewal final : public core::ClientSink {
 public:
  Renewal(CacheLayer& layer, core::Call const& call, CacheOrder order)
      : copy(call), layer_(layer), key_(order.own) {
    order.refresh = true;
    copy.call.client = this;
    copy.call.fresh_only = false;
    copy.call.background = true;
    copy.call.cache_order = std::make_shared<CacheOrder const>(std::move(order));
    copy.call.started = layer.scheduler_.now();
    copy.call.extend_by = {};  // the time of the call that wanted it is not its own
  }
  Renewal(Renewal const&) = delete;
  Renewal& operator=(Renewal const&) = delete;
  ~Renewal() override { layer_.renewed_.erase(key_); }

  base::Task<bool> notify(std::string) override;

  core::OwnedCall copy;

 private:
  CacheLayer& layer_;
  base::Digest key_;
};

base::Task<bool> CacheLayer::Renewal::notify(std::string) { co_return true; }

base::Task<CacheLayer::Answer> CacheLayer::handle(core::Call& call) {
  if (policy_->updates(call)) return update(call, policy_);
  auto order = policy_->order_for(call, callers_);
  if (!order) return inner_->handle(call);
  return serve(call, std::move(*order));
}

std::optional<core::Outcome> CacheLayer::from_memory(core::Call& call, CacheOrder const& order) {
  auto const now = scheduler_.now();
  auto const copy = cache_.look(order, now);
  if (!copy) {
    metrics_.memory_lookups.add("miss");
    return std::nullopt;
  }
  auto const standing = standing_of(copy->facts, now, order.stale_while_revalidate, luck_of(random_));
  bool const fresh = standing == Standing::fresh || standing == Standing::due;
  bool const usable = !copy->outdated && (fresh || standing == Standing::revalidating);
  metrics_.memory_lookups.add(!usable || !fresh ? "stale" : copy->facts.negative ? "negative" : "hit");
  if (!usable || (copy->facts.negative && !fresh)) return std::nullopt;
  if (standing != Standing::fresh || copy->due) renew(call, order);
  return handed_out(call, copy->answer, copy->for_everybody, fresh ? CacheUse::hit : CacheUse::stale,
                    "memory", now);
}

base::Task<CacheLayer::Answer> CacheLayer::serve(core::Call& call, CacheOrder order) {
  LookUp const counted(metrics_, call);
  call.cacheable = true;  // before a renewal takes a copy of it
  if (!order.fresh_only) {
    if (auto found = from_memory(call, order)) co_return std::move(*found);
  }
  bool const bypass = order.fresh_only;
  if (call.copy_wanted && !bypass) order.leftover = std::make_shared<Leftover>();
  call.cache_order = std::make_shared<CacheOrder const>(std::move(order));
  auto outcome = co_await inner_->handle(call);
  if (outcome || !call.copy_wanted) call.cache_order.reset();
  if (call.facts.cache.use == CacheUse::none) call.facts.cache.use = CacheUse::miss;
  if (bypass) call.facts.cache.use = CacheUse::bypass;
  co_return outcome;
}

std::optional<core::Outcome> CacheLayer::copy_for(core::Call& call) {
  auto const order = std::static_pointer_cast<CacheOrder const>(std::exchange(call.cache_order, nullptr));
  if (order == nullptr || order->leftover == nullptr) return std::nullopt;
  auto const now = scheduler_.now();
  auto const usable = [now](KeptAnswer const& answer) {
    if (!answer) return false;
    auto const facts = answer.facts();
    return !facts.negative && now - facts.fetched < facts.kept_for;
  };
  auto const in_memory = cache_.look(*order, now);
  auto const& of_store = *order->leftover;
  bool const memory = in_memory && usable(in_memory->answer);
  bool const store =
      usable(of_store.answer) && !cache_.gone(*order, of_store.for_everybody, of_store.answer.facts().born);
  if (!memory && !store) return std::nullopt;
  metrics_.cache_stale_hits.add();
  if (store && (!memory || in_memory->facts.fetched < of_store.answer.facts().fetched)) {
    return handed_out(call, of_store.answer, of_store.for_everybody, CacheUse::stale, "store", now);
  }
  return handed_out(call, in_memory->answer, in_memory->for_everybody, CacheUse::stale, "memory", now);
}

base::Task<CacheLayer::Answer> CacheLayer::update(core::Call& call,
                                                  std::shared_ptr<CachePolicy const> policy) {
  Touch touch(*this, policy->touched_by(call));
  call.updates = true;
  auto outcome = co_await inner_->handle(call);
  if (!outcome && outcome.error().retry == base::Retry::always) touch.never_happened();
  // A task's handle is no end: what it does comes later.
  if (outcome && reuse_of(*outcome) != Reuse::never) touch.ended();
  co_return outcome;
}

base::Task<void> CacheLayer::touch_again(std::vector<store::Selection> touched) {
  co_await scheduler_.sleep_for(kTouchAgainAfter);
  invalidate_all(cache_, touched);
}

void CacheLayer::renew(core::Call const& call, CacheOrder const& order) {
  if (renewed_.size() >= kRefreshesMax || renewed_.contains(order.own)) return;
  if (sheds_renewals_ && sheds_renewals_()) {
    metrics_.calls_shed.add("overload");
    return;
  }
  renewed_.insert(order.own);
  refreshes_.spawn(renewing(std::make_shared<Renewal>(*this, call, order)));
}

base::Task<void> CacheLayer::renewing(std::shared_ptr<Renewal> renewal) {
  auto const outcome = co_await inner_->handle(renewal->copy.call);
  if (!outcome) co_await scheduler_.sleep_for(kRenewAgainAfter);  // until then nobody else tries
}

}  // namespace weir::cache
