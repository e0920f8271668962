#include "oauth/token_cache.hpp"

#include <algorithm>

namespace weir::oauth {

using base::TimePoint;

namespace {
constexpr std::size_t kExpireWithEach = 8;  // who keeps one lets go of a few that are over
}

struct TokenCache::Tenant {
  std::string name;
  std::size_t entries = 0;
  base::IntrusiveList<UseHook> used;  // longest ago first
};

struct TokenCache::Entry : UseHook, base::TimerNode {
  TokenKey key;
  TokenKey subject;
  TokenKey client;  // of a refusal
  std::weak_ptr<TokenReturns> returns;
  Tenant* tenant = nullptr;
  TokenRef token;  // null: a refusal
  OAuthError refusal;
  TimePoint until{};
  TimePoint renew_at{};
  bool renewing = false;
};

TokenCache::TokenCache(TokenCacheOptions const& options, TimePoint now) : options_(options), ends_(now) {}
TokenCache::~TokenCache() = default;

std::unique_ptr<TokenCache::Entry> TokenCache::take(Entry& entry) {
  static_cast<UseHook&>(entry).unlink();
  static_cast<base::TimerNode&>(entry).unlink();
  auto& tenant = *entry.tenant;
  if (--tenant.entries == 0) tenants_.erase(tenant.name);
  if (!entry.token) --counted_.negative;
  auto const found = entries_.find(entry.key);
  auto taken = std::move(found->second);
  entries_.erase(found);
  return taken;
}

// Whoever holds more than the average share pays for itself; for the others the largest tenant does.
void TokenCache::make_room(std::string const* newcomers_tenant, Dead& dead) {
  while (!entries_.empty() && entries_.size() >= options_.entries_max) {
    auto const own = newcomers_tenant == nullptr ? tenants_.end() : tenants_.find(*newcomers_tenant);
    Tenant* payer = own == tenants_.end() ? nullptr : own->second.get();
    if (payer == nullptr || payer->entries * tenants_.size() < entries_.size()) {
      for (auto const& [name, other] : tenants_) {
        if (payer == nullptr || other->entries > payer->entries) payer = other.get();
      }
    }
    std::size_t const sharing = tenants_.size() + (own == tenants_.end() ? 1 : 0);
    bool const too_large =
        newcomers_tenant != nullptr && sharing > 1 && payer->entries * sharing > entries_.size();
    dead.push_back(take(static_cast<Entry&>(payer->used.front())));
    ++(too_large ? counted_.evicted_share : counted_.evicted_full);
  }
}

TokenCache::Entry& TokenCache::place(TokenKey const& key, TokenOwner&& owner, Dead& dead) {
  if (auto const found = entries_.find(key); found != entries_.end()) dead.push_back(take(*found->second));
  make_room(&owner.tenant, dead);
  auto& slot = tenants_[owner.tenant];
  if (!slot) {
    slot = std::make_unique<Tenant>();
    slot->name = std::move(owner.tenant);
  }
  auto made = std::make_unique<Entry>();
  Entry& entry = *made;
  entry.key = key;
  entry.subject = owner.subject;
  entry.client = owner.client;
  entry.returns = std::move(owner.returns);
  entry.tenant = slot.get();
  ++slot->entries;
  ++counted_.negative;  // until it has a token
  slot->used.push_back(entry);
  entries_.emplace(key, std::move(made));
  return entry;
}

void TokenCache::set_end(Entry& entry, TimePoint until) {
  entry.until = until;
  ends_.insert(entry, until);
}

TokenCache::Found TokenCache::find(TokenKey const& key, TimePoint now, bool counted, TokenKey const& client) {
  std::uint64_t const once = counted ? 1 : 0;
  Dead dead;
  std::lock_guard const held(lock_);
  auto const found = entries_.find(key);
  if (found == entries_.end()) {
    counted_.misses += once;
    return {};
  }
  Entry& entry = *found->second;
  if (now >= entry.until) {
    dead.push_back(take(entry));
    ++counted_.expired;
    counted_.misses += once;
    return {};
  }
  if (!entry.token && !(entry.client == client)) {
    counted_.misses += once;
    return {};
  }
  entry.tenant->used.push_back(entry);
  Found out;
  if (!entry.token) {
    counted_.refusals += once;
    out.refusal = entry.refusal;
    if (out.refusal->retry_after > base::Duration::zero()) out.refusal->retry_after = entry.until - now;
    return out;
  }
  counted_.hits += once;
  out.token = entry.token;
  out.renew =
      now >= entry.renew_at && !std::exchange(entry.renewing, entry.renewing || now >= entry.renew_at);
  if (out.renew) ++counted_.renewals;
  return out;
}

TokenAsking::TokenAsking(TokenCache& cache, TokenKey const& subject) : cache_(cache), subject_(subject) {
  std::lock_guard const held(cache_.lock_);
  cache_.asking_.push_back(*this);
}

TokenAsking::~TokenAsking() {
  std::lock_guard const held(cache_.lock_);
  unlink();
}

bool TokenCache::keep(TokenKey const& key, TokenOwner owner, TokenRef token, TokenLife const& life,
                      TimePoint now) {
  Dead dead;
  std::unique_lock held(lock_);
  expire_some(now, kExpireWithEach, dead);
  if (owner.asking != nullptr && !owner.asking->linked()) {
    held.unlock();
    if (auto const returns = owner.returns.lock()) returns->give_back(std::move(token));
    return false;
  }
  if (options_.entries_max == 0 || life.until <= now) return true;
  Entry& entry = place(key, std::move(owner), dead);
  entry.token = std::move(token);
  --counted_.negative;
  entry.renew_at = life.renew_at;
  set_end(entry, life.until);
  ++counted_.stored;
  return true;
}

void TokenCache::refuse(TokenKey const& key, TokenOwner owner, OAuthError refusal, base::Duration remember,
                        TimePoint now) {
  Dead dead;
  std::lock_guard const held(lock_);
  expire_some(now, kExpireWithEach, dead);
  if (owner.asking != nullptr && !owner.asking->linked()) return;
  auto const found = entries_.find(key);
  if (found != entries_.end() && found->second->token && now < found->second->until) {
    found->second->renewing = false;
    found->second->renew_at = now + remember;
    ++counted_.renewals_failed;
    return;
  }
  if (options_.entries_max == 0 || remember <= base::Duration::zero()) return;
  Entry& entry = place(key, std::move(owner), dead);
  entry.refusal = std::move(refusal);
  set_end(entry, now + remember);
  ++counted_.refused;
}

void TokenCache::renewal_over(TokenKey const& key) {
  std::lock_guard const held(lock_);
  if (auto const found = entries_.find(key); found != entries_.end()) found->second->renewing = false;
}

bool TokenCache::drop(TokenKey const& key, TokenRef const& used) {
  Dead dead;
  std::lock_guard const held(lock_);
  auto const found = entries_.find(key);
  if (found == entries_.end() || found->second->token != used || !used) return false;
  dead.push_back(take(*found->second));
  ++counted_.dropped;
  return true;
}

std::size_t TokenCache::drop_subject(TokenKey const& subject) {
  Dead dead;
  {
    std::lock_guard const held(lock_);
    std::vector<Entry*> theirs;
    for (auto const& [key, entry] : entries_) {
      if (entry->subject == subject) theirs.push_back(entry.get());
    }
    for (auto* const entry : theirs) dead.push_back(take(*entry));
    asking_.for_each([&](TokenAsking& asking) {
      if (asking.subject_ == subject) asking.unlink();
    });
    counted_.revoked += dead.size();
  }
  for (auto const& entry : dead) {
    auto const returns = entry->token ? entry->returns.lock() : nullptr;
    if (returns) returns->give_back(std::move(entry->token));
  }
  return dead.size();
}

void TokenCache::expire_some(TimePoint now, std::size_t batch_max, Dead& dead) {
  ends_.advance(now, [this](base::TimerNode& node) { over_.push_back(node); });
  for (std::size_t i = 0; i < batch_max && !over_.empty(); ++i) {
    dead.push_back(take(static_cast<Entry&>(over_.front())));
    ++counted_.expired;
  }
}

std::size_t TokenCache::expire(TimePoint now, std::size_t batch_max) {
  Dead dead;
  std::lock_guard const held(lock_);
  expire_some(now, batch_max, dead);
  return dead.size();
}

void TokenCache::shorten(TimePoint now) {
  TimePoint const latest = now + options_.life_max;
  for (auto const& [key, entry] : entries_) {
    bool const of_caller = !(entry->subject == TokenKey{});
    if (!of_caller || !entry->token || entry->until <= latest) continue;
    entry->renew_at = std::min(entry->renew_at, now + options_.life_max / 5 * 4);
    set_end(*entry, latest);
  }
}

void TokenCache::set_options(TokenCacheOptions const& options, TimePoint now) {
  Dead dead;
  std::lock_guard const held(lock_);
  bool const shorter = options.life_max < options_.life_max;
  options_ = options;
  if (shorter) shorten(now);
  ++options_.entries_max;  // room is made for one more than there may be
  make_room(nullptr, dead);
  --options_.entries_max;
}

std::size_t TokenCache::size() const {
  std::lock_guard const held(lock_);
  return entries_.size();
}

TokenStats TokenCache::stats() const {
  std::lock_guard const held(lock_);
  auto stats = counted_;
  stats.entries = entries_.size();
  return stats;
}

base::Duration TokenCache::life_max() const {
  std::lock_guard const held(lock_);
  return options_.life_max;
}

}  // namespace weir::oauth
