#include "cache/response_cache.hpp"

#include <algorithm>

namespace weir::cache {

namespace {

std::string_view word_of(Cause cause) noexcept {
  switch (cause) {
    case Cause::update: return "update";
    case Cause::notify: return "notify";
    case Cause::cron: return "cron";
    case Cause::manual: return "manual";
    case Cause::remote: return "remote";
  }
  return {};
}

}  // namespace

void ResourceEar::resource_updated(std::string_view uri) {
  cache_.invalidate({server_, "", std::string(uri), ""}, false, Cause::notify);
}

void ResourceEar::resources_missed() {
  auto const reads = mcp::traits_of(mcp::Method::resources_read).name;
  cache_.invalidate({server_, std::string(reads), "", ""}, false, Cause::notify);
}

ResponseCache::ResponseCache(ResponseCacheOptions const& options, std::shared_ptr<AnswerKeys const> keys,
                             base::Clock const& clock, std::uint64_t seed, store::Store* store,
                             observe::Metrics& metrics)
    : keys_(std::move(keys)),
      clock_(clock),
      store_(store),
      metrics_(metrics),
      table_(options.table, seed),
      memory_(options.memory),
      memory_ttl_(options.memory_ttl) {
  if (store_ != nullptr) store_->hear(this);
}

ResponseCache::~ResponseCache() {
  if (store_ != nullptr) store_->hear(nullptr);
}

std::optional<Copy> ResponseCache::copy_of(base::Digest const& key, CacheOrder const& order,
                                           bool for_everybody, base::TimePoint now) {
  Copy copy;
  copy.answer = table_.find(key, now);
  if (!copy.answer) return std::nullopt;
  copy.for_everybody = for_everybody;
  copy.facts = copy.answer.facts();
  if (marks_.untouched_since(copy.facts.born)) return copy;
  auto const latest = marks_.latest();
  switch (marks_.judge(order.labels_of(for_everybody), copy.facts.born)) {
    case store::Verdict::gone: table_.erase(key); return std::nullopt;
    case store::Verdict::outdated: copy.outdated = true; break;
    case store::Verdict::current:
      copy.due = renewals_.judge(order.labels_of(for_everybody), copy.facts.born) != store::Verdict::current;
      if (!copy.due) copy.answer.raise_born(latest);
      break;
  }
  return copy;
}

std::optional<Copy> ResponseCache::look(CacheOrder const& order, base::TimePoint now) {
  if (!memory_.load(std::memory_order_relaxed)) return std::nullopt;
  if (!order.shared) {
    if (auto own = copy_of(order.own, order, false, now)) return own;
    if (!order.hinted) return std::nullopt;
  }
  return copy_of(order.everybody, order, true, now);
}

void ResponseCache::keep(CacheOrder const& order, KeptAnswer const& answer, bool for_everybody,
                         base::TimePoint now) {
  if (!memory_.load(std::memory_order_relaxed)) return;
  auto const stays =
      std::min<base::Duration>(memory_ttl_.load(), answer.facts().fetched + answer.facts().kept_for - now);
  if (stays <= base::Duration::zero()) return;
  table_.put(for_everybody ? order.everybody : order.own, table_.slot(order.labels.server), answer,
             now + stays, now);
  // What was private may have become everybody's: the caller's own copy would hide the newer one.
  if (for_everybody && !order.shared) table_.erase(order.own);
}

void ResponseCache::mark(store::Selection const& what, bool gone, Cause cause) {
  marks_.add(what, gone);
  metrics_.gateway().cache.invalidations.add(word_of(cause));
}

void ResponseCache::invalidate(store::Selection const& what, bool gone, Cause cause) {
  // The store first: what is read from it after the mark here would pass for newer than the mark.
  if (store_ != nullptr) store_->invalidate(what, gone);
  mark(what, gone, cause);
}

void ResponseCache::invalidated(store::Selection const& what, bool gone) { mark(what, gone, Cause::remote); }

void ResponseCache::invalidations_missed() { mark({}, false, Cause::remote); }

void ResponseCache::set_options(ResponseCacheOptions const& options) {
  memory_ = options.memory;
  memory_ttl_ = options.memory_ttl;
  table_.set_options(options.table);
  if (!options.memory) table_.clear();
}

void ResponseCache::set_server_max(std::string_view server, std::size_t entries_max) {
  table_.set_server_max(table_.slot(server), entries_max == 0 ? CacheBudget::kNoCap : entries_max);
}

std::uint64_t ResponseCache::in_memory(store::Selection const& what) const {
  return table_.count(what, clock_.now());
}

}  // namespace weir::cache
