#include "upstream/endpoint_choice.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/hash.hpp"

namespace weir::upstream {

namespace {

constexpr std::int64_t second_of(base::TimePoint time) noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool contains(std::span<unsigned const> list, unsigned one) noexcept {
  return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

EndpointChoice::EndpointChoice(std::vector<std::string> labels, EndpointChoiceOptions options,
                               base::Random& random)
    : options_(options), random_(random) {
  for (auto const& label : labels) {
    endpoints_.emplace_back();
    endpoints_.back().hash = base::hash64(label, 0);  // the same for every Weir in front of these addresses
  }
}

bool EndpointChoice::in_use(unsigned endpoint) const noexcept {
  auto const& one = endpoints_[endpoint];
  return one.open && !one.odd && !one.out;
}

unsigned EndpointChoice::count_in_use() const noexcept {
  unsigned count = 0;
  for (unsigned i = 0; i < size(); ++i) count += in_use(i) ? 1 : 0;
  return count;
}

unsigned EndpointChoice::count_odd() const noexcept {
  unsigned count = 0;
  for (auto const& one : endpoints_) count += one.odd ? 1 : 0;
  return count;
}

bool EndpointChoice::due(unsigned endpoint, base::TimePoint now) const noexcept {
  auto const& one = endpoints_[endpoint];
  return one.open && !one.odd && one.out && one.checked && !one.probed && now >= one.out_until &&
         now >= one.throttled_until;
}

// Those that are well; all, where none is.
std::vector<unsigned> EndpointChoice::candidates(std::span<unsigned const> tried, base::TimePoint now) const {
  std::vector<unsigned> found;
  bool one_is_well = false;
  for (unsigned i = 0; i < size(); ++i) {
    if (contains(tried, i) || !in_use(i)) continue;
    found.push_back(i);
    one_is_well = one_is_well || endpoints_[i].row < options_.failures_max;
  }
  if (!one_is_well) {
    found.clear();
    for (unsigned i = 0; i < size(); ++i) {
      if (!contains(tried, i) && !endpoints_[i].odd) found.push_back(i);
    }
  }
  auto const asks_for_a_pause = [&](unsigned i) { return now < endpoints_[i].throttled_until; };
  if (!std::all_of(found.begin(), found.end(), asks_for_a_pause)) {
    found.erase(std::remove_if(found.begin(), found.end(), asks_for_a_pause), found.end());
  }
  return found;
}

// Rendezvous hashing: when an address goes, only its own callers move.
unsigned EndpointChoice::by_hash(std::vector<unsigned> const& among, std::string_view key) const noexcept {
  unsigned best = among.front();
  std::uint64_t most = 0;
  for (unsigned const i : among) {
    auto const score = base::hash64(key, endpoints_[i].hash);
    if (score < most) continue;
    most = score;
    best = i;
  }
  return best;
}

unsigned EndpointChoice::choose(std::vector<unsigned> const& among, Wanted const& wanted) {
  if (wanted.by_key || options_.balance == Balance::hash_principal) return by_hash(among, wanted.key);
  auto const from_turn = [this](unsigned i) { return (i + size() - turn_) % size(); };
  auto const before = [&](unsigned a, unsigned b) {
    auto const load_a = endpoints_[a].in_flight;
    auto const load_b = endpoints_[b].in_flight;
    if (options_.balance == Balance::least_inflight && load_a != load_b) return load_a < load_b;
    return from_turn(a) < from_turn(b);
  };
  unsigned const chosen = *std::min_element(among.begin(), among.end(), before);
  turn_ = (chosen + 1) % size();
  return chosen;
}

std::optional<unsigned> EndpointChoice::waiting_probe(Wanted const& wanted,
                                                      base::TimePoint now) const noexcept {
  for (unsigned i = 0; i < size(); ++i) {
    if (due(i, now) && !contains(wanted.tried, i)) return i;
  }
  return std::nullopt;
}

EndpointChoice::Pick EndpointChoice::begin(unsigned endpoint, bool probe) noexcept {
  auto& one = endpoints_[endpoint];
  ++one.in_flight;
  one.probed = one.probed || probe;
  return Pick{endpoint, one.term, probe};
}

std::optional<EndpointChoice::Pick> EndpointChoice::pick(Wanted const& wanted, base::TimePoint now) {
  if (wanted.holder && in_use(*wanted.holder) && !contains(wanted.tried, *wanted.holder)) {
    return begin(*wanted.holder, false);
  }
  if (auto const probe = waiting_probe(wanted, now)) return begin(*probe, true);
  auto const among = candidates(wanted.tried, now);
  if (among.empty()) return std::nullopt;
  return begin(choose(among, wanted), false);
}

void EndpointChoice::count(Endpoint& endpoint, bool bad, base::TimePoint now) noexcept {
  auto const second = second_of(now);
  auto& slice = endpoint.slices[static_cast<std::size_t>(second % kSlices)];
  if (slice.second != second) slice = Slice{second, 0, 0};
  ++slice.calls;
  slice.bad += bad ? 1 : 0;
}

EndpointChoice::Tally EndpointChoice::tally(Endpoint const& endpoint, base::TimePoint now) noexcept {
  Tally sum;
  for (auto const& slice : endpoint.slices) {
    if (slice.second < 0 || slice.second + kSlices <= second_of(now)) continue;
    sum.calls += slice.calls;
    sum.bad += slice.bad;
  }
  return sum;
}

bool EndpointChoice::worse_than_others(unsigned endpoint, base::TimePoint now) const noexcept {
  auto const own = tally(endpoints_[endpoint], now);
  Tally others;
  for (unsigned i = 0; i < size(); ++i) {
    if (i == endpoint || !in_use(i)) continue;
    auto const one = tally(endpoints_[i], now);
    others.calls += one.calls;
    others.bad += one.bad;
  }
  if (own.calls < options_.calls_min || others.calls < options_.calls_min) return false;
  return own.rate() - others.rate() >= options_.rate_gap;
}

// Of those that can be reached, so that a dead address does not protect a bad one.
bool EndpointChoice::may_eject() const noexcept {
  unsigned reachable = 0;
  unsigned out = 0;
  for (auto const& one : endpoints_) {
    if (!one.open || one.odd) continue;
    ++reachable;
    out += one.out ? 1 : 0;
  }
  return out + 1 <= reachable / 2;
}

void EndpointChoice::clear(Endpoint& endpoint) noexcept {
  endpoint.row = 0;
  endpoint.slices = {};
  endpoint.probed = false;
  ++endpoint.term;
}

void EndpointChoice::eject(Endpoint& endpoint, base::TimePoint now) {
  bool const was_well = !endpoint.out && now - endpoint.back_at >= options_.out_max;
  endpoint.times_out = was_well ? 1 : endpoint.times_out + 1;
  auto const wait = std::min(options_.out_min * endpoint.times_out, options_.out_max);
  auto const fifth = static_cast<std::uint64_t>(wait.count() / 5);
  endpoint.out = true;
  endpoint.checked = false;
  endpoint.out_until = now + wait - base::Duration(random_.below(fifth + 1));
  clear(endpoint);
}

void EndpointChoice::opened(unsigned endpoint) noexcept {
  auto& one = endpoints_[endpoint];
  one.open = true;
  one.checked = true;
}

bool EndpointChoice::closed(unsigned endpoint) noexcept {
  auto& one = endpoints_[endpoint];
  if (!one.open) return false;
  one.open = false;
  clear(one);
  return true;
}

bool EndpointChoice::over(Pick const& pick, EndpointVerdict verdict, base::Duration retry_after,
                          base::TimePoint now) {
  auto& one = endpoints_[pick.endpoint];
  WEIR_ASSERT(one.in_flight > 0);
  --one.in_flight;
  if (pick.term != one.term) return false;
  if (pick.probe) one.probed = false;
  switch (verdict) {
    case EndpointVerdict::none: return false;
    case EndpointVerdict::unreachable: return closed(pick.endpoint);
    case EndpointVerdict::throttled:
      one.throttled_until = std::max(one.throttled_until, now + std::min(retry_after, options_.out_max));
      return false;
    case EndpointVerdict::good:
      one.row = 0;
      count(one, false, now);
      if (!one.out) return false;
      one.out = false;
      one.back_at = now;
      clear(one);
      return false;
    case EndpointVerdict::bad: break;
  }
  count(one, true, now);
  if (!one.out) {
    ++one.row;
    bool const bad = one.row >= options_.failures_max || worse_than_others(pick.endpoint, now);
    if (!bad || !may_eject()) return false;
  } else if (!pick.probe) {
    return false;  // one of those that are sent everywhere, because all look bad
  }
  eject(one, now);
  return true;
}

}  // namespace weir::upstream
