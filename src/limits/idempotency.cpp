#include "limits/idempotency.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"

namespace weir::limits {

namespace {

constexpr std::size_t kExpireWithEach = 8;  // calls do a little of the clearing away
constexpr std::size_t kFailureBytes = 256;  // what a kept failure counts as

EndingRef too_large_to_keep() {
  Ending ending;
  ending.error =
      base::Error(base::Fault::too_large, base::Blame::gateway, "the kept answer would be too large")
          .advise(
              "The first call with this Idempotency-Key was executed, but its answer was too large "
              "to be kept for a repetition.");
  return std::make_shared<Ending const>(std::move(ending));
}

}  // namespace

struct IdempotencyTable::Owner {
  std::string name;
  std::size_t entries = 0;
  std::size_t bytes = 0;
  base::IntrusiveList<OwnAgeHook> ended;
};

struct IdempotencyTable::Entry : AgeHook, OwnAgeHook {
  std::string name;
  Owner* owner = nullptr;
  std::uint64_t fingerprint = 0;
  EndingRef ending;  // null while it executes
  std::size_t bytes = 0;
  base::TimePoint until{};
  Waiters waiters;
};

std::size_t IdempotencyTable::KeyHash::operator()(std::string_view key) const noexcept {
  return base::hash64(key, seed);
}

IdempotencyTable::IdempotencyTable(IdempotencyOptions const& options, std::uint64_t seed,
                                   observe::GatewayMetrics const& metrics)
    : options_(options),
      seed_(seed),
      counted_(metrics.idempotency),
      entries_gauge_(metrics.idempotency_entries),
      entries_(8, KeyHash{seed}),
      owners_(8, KeyHash{seed}) {}

IdempotencyTable::~IdempotencyTable() = default;

// A principal's id may hold any character, so its length stands before it.
std::string IdempotencyTable::name_of(std::string_view principal, std::string_view key) {
  std::string name = std::to_string(principal.size());
  name.reserve(name.size() + 1 + principal.size() + key.size());
  name += ':';
  name += principal;
  name += key;
  return name;
}

std::size_t IdempotencyTable::share_of(std::size_t all) const noexcept {
  return static_cast<std::size_t>(static_cast<double>(all) * options_.share);
}

IdempotencyTable::Owner& IdempotencyTable::owner_of(std::string_view principal) {
  if (auto const found = owners_.find(principal); found != owners_.end()) return *found->second;
  auto owner = std::make_unique<Owner>();
  owner->name = principal;
  auto& made = *owner;
  owners_.emplace(made.name, std::move(owner));
  return made;
}

// Out of all lists and sums; it dies with what is returned, outside the lock.
std::unique_ptr<IdempotencyTable::Entry> IdempotencyTable::take(Entry& entry) {
  auto const found = entries_.find(entry.name);
  auto taken = std::move(found->second);
  entries_.erase(found);
  static_cast<AgeHook&>(entry).unlink();
  static_cast<OwnAgeHook&>(entry).unlink();
  bytes_ -= entry.bytes;
  auto& owner = *entry.owner;
  owner.bytes -= entry.bytes;
  if (--owner.entries == 0) owners_.erase(owners_.find(owner.name));
  return taken;
}

// For an entry of `owner` that is counted already: its own oldest goes when that is more than its share,
// anybody's oldest when all is full.
bool IdempotencyTable::make_room(Owner& owner, Dead& dead) {
  if (owner.entries > std::max<std::size_t>(share_of(options_.entries_max), 1)) {
    if (owner.ended.empty()) return false;
    dead.push_back(take(static_cast<Entry&>(owner.ended.front())));
  }
  if (entries_.size() < options_.entries_max) return true;
  if (ended_.empty()) return false;
  dead.push_back(take(static_cast<Entry&>(ended_.front())));
  return true;
}

IdempotencyTable::Entered IdempotencyTable::enter(std::string_view principal, std::string_view key,
                                                  std::uint64_t fingerprint, std::shared_ptr<Waiter> waiter,
                                                  base::TimePoint now) {
  auto name = name_of(principal, key);
  Dead dead;
  std::lock_guard const guard(lock_);
  expire_some(now, kExpireWithEach, dead);
  if (auto const found = entries_.find(name); found != entries_.end()) {
    auto& entry = *found->second;
    bool const over = entry.ending != nullptr && now >= entry.until;
    if (!over && entry.fingerprint != fingerprint) {
      counted_.add("mismatch");
      return {Way::mismatch, {}, {}};
    }
    if (!over && entry.ending != nullptr) {
      counted_.add("replayed");
      return {Way::replay, {}, entry.ending};
    }
    if (!over && entry.waiters.size() >= options_.waiters_max) {
      counted_.add("full");
      return {Way::full, {}, {}};
    }
    if (!over) {
      counted_.add("joined");
      entry.waiters.push_back(std::move(waiter));
      return {Way::wait, {}, {}};
    }
    dead.push_back(take(entry));
  }
  auto& owner = owner_of(principal);
  ++owner.entries;
  if (!make_room(owner, dead)) {
    if (--owner.entries == 0) owners_.erase(owners_.find(owner.name));
    counted_.add("full");
    return {Way::full, {}, {}};
  }
  auto made = std::make_unique<Entry>();
  made->name = std::move(name);
  made->owner = &owner;
  made->fingerprint = fingerprint;
  auto& entry = *made;
  entries_.emplace(entry.name, std::move(made));
  counted_.add("new");
  entries_gauge_.set(static_cast<double>(entries_.size()));
  return {Way::execute, Turn(*this, entry), {}};
}

void IdempotencyTable::leave(std::string_view principal, std::string_view key, Waiter const& waiter) {
  auto const name = name_of(principal, key);
  std::shared_ptr<Waiter> gone;
  std::lock_guard const guard(lock_);
  auto const found = entries_.find(name);
  if (found == entries_.end()) return;
  auto& waiters = found->second->waiters;
  auto const at =
      std::find_if(waiters.begin(), waiters.end(), [&](auto const& one) { return one.get() == &waiter; });
  if (at == waiters.end()) return;
  gone = std::move(*at);
  waiters.erase(at);
}

void IdempotencyTable::settle(Entry& entry, EndingRef ending, base::TimePoint now) {
  Dead dead;
  Waiters waiters;
  auto kept = ending->text.size() > options_.answer_bytes_max ? too_large_to_keep() : ending;
  {
    std::lock_guard const guard(lock_);
    waiters.swap(entry.waiters);
    entry.bytes = kept->error ? kFailureBytes : kept->text.size();
    entry.ending = std::move(kept);
    entry.until = now + options_.ttl;
    bytes_ += entry.bytes;
    auto& owner = *entry.owner;
    owner.bytes += entry.bytes;
    // This one is not in the lists yet: it never makes room for itself.
    while (owner.bytes > share_of(options_.bytes_max) && !owner.ended.empty())
      dead.push_back(take(static_cast<Entry&>(owner.ended.front())));
    while (bytes_ > options_.bytes_max && !ended_.empty())
      dead.push_back(take(static_cast<Entry&>(ended_.front())));
    ended_.push_back(entry);
    owner.ended.push_back(entry);
    entries_gauge_.set(static_cast<double>(entries_.size()));
  }
  for (auto const& waiter : waiters) waiter->told(ending);
}

void IdempotencyTable::forget(Entry& entry) {
  std::unique_ptr<Entry> dead;
  {
    std::lock_guard const guard(lock_);
    dead = take(entry);
    entries_gauge_.set(static_cast<double>(entries_.size()));
  }
  for (auto const& waiter : dead->waiters) waiter->told(nullptr);
}

// They ended in this order, and all are kept equally long.
void IdempotencyTable::expire_some(base::TimePoint now, std::size_t batch_max, Dead& dead) {
  while (dead.size() < batch_max && !ended_.empty()) {
    auto& oldest = static_cast<Entry&>(ended_.front());
    if (oldest.until > now) break;
    dead.push_back(take(oldest));
  }
}

std::size_t IdempotencyTable::expire(base::TimePoint now, std::size_t batch_max) {
  Dead dead;
  std::lock_guard const guard(lock_);
  expire_some(now, batch_max, dead);
  entries_gauge_.set(static_cast<double>(entries_.size()));
  return dead.size();
}

std::size_t IdempotencyTable::size() const {
  std::lock_guard const guard(lock_);
  return entries_.size();
}

std::size_t IdempotencyTable::bytes() const {
  std::lock_guard const guard(lock_);
  return bytes_;
}

}  // namespace weir::limits
