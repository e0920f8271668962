#include "cache/cache_shard.hpp"

namespace weir::cache {
namespace {

constexpr int kSecondChances = 4;  // for entries of a capped server that are asked for more than the newcomer

}  // namespace

void MemoryCacheCounters::add(MemoryCacheCounters const& other) noexcept {
  hits += other.hits;
  misses += other.misses;
  inserted += other.inserted;
  replaced += other.replaced;
  rejected += other.rejected;
  evicted_size += other.evicted_size;
  evicted_server_cap += other.evicted_server_cap;
  expired += other.expired;
}

CacheShard::CacheShard(CacheBudget& budget, std::uint64_t seed)
    : budget_(budget), slab_(seed), order_(slab_, seed ^ 0x5bd1e995U), sketch_(~seed), seed_(seed) {}

CacheShard::~CacheShard() {
  for (Place place = 1; place < slab_.end(); ++place) detach(place);
}

KeptAnswer CacheShard::detach(Place place) noexcept {
  KeptAnswer answer = KeptAnswer::adopt(slab_[place].body());
  slab_[place].set_body(nullptr);
  return answer;
}

void CacheShard::remove(Place place, Why why, Graveyard& dead) {
  auto const server = server_of(place);
  KeptAnswer answer = detach(place);
  budget_.give_bytes(cost_of(answer));
  budget_.give_server(server);
  budget_.entry_left();
  if (queues_.has(server)) queues_.remove(server, place);
  order_.remove(place);
  slab_.erase(place);
  dead.take(std::move(answer));
  if (why == Why::size) ++counters_.evicted_size;
  if (why == Why::server_cap) ++counters_.evicted_server_cap;
  if (why == Why::expired) ++counters_.expired;
}

void CacheShard::count_use(base::Digest const& digest) {
  if (!duel_) return;
  sketch_.add(digest);
  if (duel_->use(digest, slab_.size(), sketch_)) order_.set_window(duel_->share());
}

void CacheShard::used(Place place) {
  order_.used(place);
  if (auto const server = server_of(place); queues_.has(server)) queues_.used(server, place);
}

KeptAnswer CacheShard::find(base::Digest const& digest, base::TimePoint now, Graveyard& dead) {
  count_use(digest);
  Place const place = slab_.find(digest);
  if (place != kNoPlace && slab_[place].leaves() <= now) {
    remove(place, Why::expired, dead);
  } else if (place != kNoPlace) {
    used(place);
    ++counters_.hits;
    KeptAnswer held = KeptAnswer::adopt(slab_[place].body());
    KeptAnswer found = held;
    held.release();
    return found;
  }
  ++counters_.misses;
  return {};
}

CacheShard::Put CacheShard::put(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer,
                                base::TimePoint leaves, Graveyard& dead) {
  Place const place = slab_.find(digest);
  if (place == kNoPlace) return insert(digest, server, answer, leaves, dead);
  KeptAnswer old = detach(place);
  auto const before = cost_of(old);
  auto const after = cost_of(answer);
  bool const fits = server_of(place) == server && (after <= before || budget_.take_bytes(after - before));
  if (!fits) {  // it loses its place and comes in like a new one
    slab_[place].set_body(old.release());
    remove(place, Why::erased, dead);
    Put const outcome = insert(digest, server, answer, leaves, dead);
    return outcome;
  }
  if (after < before) budget_.give_bytes(before - after);
  slab_[place].set_body(KeptAnswer(answer).release());
  slab_[place].set_leaves(leaves);
  dead.take(std::move(old));
  used(place);
  ++counters_.replaced;
  return Put::done;
}

CacheShard::Put CacheShard::insert(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer,
                                   base::TimePoint leaves, Graveyard& dead) {
  if (capacity_ == 0) return Put::refused;
  while (!budget_.take_server(server)) {
    if (!evict_of(server, digest, dead)) return Put::no_place_of_server;
  }
  while (slab_.size() >= capacity_) evict(dead);
  while (!budget_.take_bytes(cost_of(answer))) {
    if (evict(dead)) continue;
    budget_.give_server(server);
    return Put::no_bytes;
  }
  budget_.entry_came();
  attach(digest, server, answer, leaves);
  ++counters_.inserted;
  return Put::done;
}

void CacheShard::attach(base::Digest const& digest, ServerSlot server, KeptAnswer answer,
                        base::TimePoint leaves) {
  Place const place = slab_.insert(digest);
  base::SlabEntry& entry = slab_[place];
  entry.set_body(answer.release());
  entry.set_server(static_cast<std::uint16_t>(server));
  entry.set_leaves(leaves);
  order_.add(place);
  if (queues_.has(server)) queues_.push(server, place);
  if (duel_) sketch_.fit(slab_.size());
}

void CacheShard::reject(base::Digest const& digest, Graveyard& dead) {
  erase(digest, dead);
  ++counters_.rejected;
}

bool CacheShard::erase(base::Digest const& digest, Graveyard& dead) {
  Place const place = slab_.find(digest);
  if (place == kNoPlace) return false;
  remove(place, Why::erased, dead);
  return true;
}

bool CacheShard::evict(Graveyard& dead) {
  if (slab_.size() == 0) return false;
  remove(order_.pick(sketch_), Why::size, dead);
  return true;
}

bool CacheShard::evict_of(ServerSlot server, base::Digest const& newcomer, Graveyard& dead) {
  Place place = queues_.oldest(server);
  if (place == kNoPlace) return false;
  for (int given = 0; duel_ && given < kSecondChances; ++given, place = queues_.oldest(server)) {
    if (sketch_.estimate(slab_[place].digest()) <= sketch_.estimate(newcomer)) break;
    queues_.used(server, place);
  }
  remove(place, Why::server_cap, dead);
  return true;
}

bool CacheShard::expire(Place place, base::TimePoint now, Graveyard& dead) {
  if (place == kNoPlace || place >= slab_.end() || slab_[place].segment() == Segment::free) return false;
  if (slab_[place].leaves() > now) return false;
  remove(place, Why::expired, dead);
  return true;
}

KeptAnswer CacheShard::peek(Place place, base::TimePoint now) const {
  if (place == kNoPlace || place >= slab_.end() || slab_[place].segment() == Segment::free) return {};
  if (slab_[place].leaves() <= now) return {};
  KeptAnswer held = KeptAnswer::adopt(slab_[place].body());
  KeptAnswer found = held;
  held.release();
  return found;
}

void CacheShard::set_adaptive(bool adaptive) {
  if (adaptive == static_cast<bool>(duel_)) return;
  if (adaptive) {
    duel_ = std::make_unique<PolicyDuel>(seed_ * 0x9e3779b97f4a7c15ULL);
    sketch_.fit(slab_.size());
  } else {
    duel_.reset();
    sketch_.clear();
  }
  order_.set_window(duel_ ? duel_->share() : EvictionOrder::kWhole);
}

void CacheShard::set_capped(ServerSlot server, bool capped) {
  if (!capped) return queues_.close(server);
  if (queues_.has(server)) return;
  queues_.open(server);
  order_.for_each_from_cold([&](Place place) {
    if (server_of(place) == server) queues_.push(server, place);
  });
}

std::vector<CacheShard::Moving> CacheShard::move_out() {
  std::vector<Moving> out;
  out.reserve(slab_.size());
  order_.for_each_from_cold([&](Place place) {
    out.push_back({slab_[place].digest(), detach(place), server_of(place), slab_[place].leaves()});
  });
  order_.clear();
  queues_.clear();
  slab_.clear();
  return out;
}

void CacheShard::move_in(Moving&& entry) {
  attach(entry.digest, entry.server, std::move(entry.answer), entry.leaves);
}

void CacheShard::clear(Graveyard& dead) {
  for (Moving& entry : move_out()) {
    budget_.give_bytes(cost_of(entry.answer));
    budget_.give_server(entry.server);
    budget_.entry_left();
    dead.take(std::move(entry.answer));
  }
  sketch_.clear();
  if (duel_) {
    duel_->clear();
    sketch_.fit(0);
  }
}

}  // namespace weir::cache
