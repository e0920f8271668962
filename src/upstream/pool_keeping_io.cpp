#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "mcp/json_cursor.hpp"
#include "upstream/pool_backend.hpp"

// How a PoolBackend keeps its addresses open, agrees on which server they are, and tells of it.
namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

// The `name` in a serverInfo, as it is written there.
std::string_view name_in(std::string_view server_info) noexcept {
  mcp::JsonCursor cursor(server_info);
  if (server_info.empty() || server_info.front() != '{' || !cursor.enter_object()) return {};
  mcp::JsonValue key;
  while (cursor.next_member(key)) {
    mcp::JsonValue value;
    if (!cursor.read_value(value)) break;
    if (key.inner(server_info) == "name" && value.kind == mcp::JsonKind::string)
      return value.inner(server_info);
  }
  return {};
}

std::string kin_of(core::ServerIdentity const& identity) {
  return fmt::format("{} {}", mcp::text_of(identity.revision), name_in(identity.server_info));
}

std::string_view name_of_kin(std::string_view kin) noexcept { return kin.substr(kin.find(' ') + 1); }

std::vector<std::string> labels_of(std::vector<PoolAddress> const& addresses) {
  std::vector<std::string> labels;
  for (auto const& address : addresses) labels.push_back(address.label);
  return labels;
}

}  // namespace

// Of one address. What it says of lists and gaps counts while it is the lead.
class PoolBackend::Ear final : public core::BackendObserver, public core::ResourceObserver {
 public:
  Ear(PoolBackend& pool, unsigned index) noexcept : pool_(pool), index_(index) {}
  void list_changed(std::string_view, mcp::Method list) override {
    if (pool_.lead_ == index_) pool_.observer_.list_changed(pool_.options_.name, list);
  }
  void state_changed(std::string_view) override { pool_.state_of(index_); }
  void era_changed(std::string_view) override { pool_.open_by(pool_.at(index_), pool_.scheduler_.now()); }
  void resource_updated(std::string_view uri) override { resource_updated_with(uri, {}); }
  void resource_updated_with(std::string_view uri, std::string_view more) override {
    if (pool_.resources_ != nullptr) pool_.resources_->resource_updated_with(uri, more);
  }
  void resources_missed() override {
    if (pool_.lead_ == index_ && pool_.resources_ != nullptr) pool_.resources_->resources_missed();
  }

 private:
  PoolBackend& pool_;
  unsigned const index_;
};

PoolBackend::Endpoint::Endpoint(base::Scheduler& scheduler, unsigned place, std::string of) noexcept
    : index(place), label(std::move(of)), news(scheduler) {}

PoolBackend::Endpoint::~Endpoint() = default;

PoolBackend::PoolBackend(base::Scheduler& scheduler, base::Random& random, core::BackendObserver& observer,
                         PoolOptions options, std::vector<PoolAddress> addresses)
    : scheduler_(scheduler),
      random_(random),
      observer_(observer),
      options_(std::move(options)),
      choice_(labels_of(addresses), options_.choice, random),
      settled_(scheduler),
      lead_moved_(scheduler),
      news_(scheduler),
      tasks_(scheduler) {
  for (unsigned i = 0; i < addresses.size(); ++i) {
    auto& made =
        *endpoints_.emplace_back(std::make_unique<Endpoint>(scheduler, i, std::move(addresses[i].label)));
    made.ear = std::make_unique<Ear>(*this, i);
    made.backend = addresses[i].make(*made.ear);
    made.backend->hear(made.ear.get());
    made.cause = "not connected yet";
  }
}

PoolBackend::~PoolBackend() { options_.usable.add(-shown_); }

base::Task<Result<core::ServerIdentity>> PoolBackend::open() {
  if (stopped_) co_return not_connected();
  if (!keeping_) {
    keeping_ = true;
    tasks_.spawn(tell());
    for (auto const& endpoint : endpoints_) tasks_.spawn(keep(*endpoint));
  }
  std::vector<unsigned> before;
  for (auto const& endpoint : endpoints_) {
    before.push_back(endpoint->tries);
    if (!choice_.is_open(endpoint->index) && !endpoint->opening) open_by(*endpoint, scheduler_.now());
  }
  for (;;) {
    if (lead_) co_return *at(*lead_).identity;
    bool const all_tried = std::all_of(endpoints_.begin(), endpoints_.end(), [&](auto const& endpoint) {
      return endpoint->tries != before[endpoint->index];
    });
    if (all_tried) co_return all_failed();
    co_await settled_.wait();
  }
}

base::Task<void> PoolBackend::keep(Endpoint& endpoint) {
  for (;;) {
    endpoint.news.reset();
    if (scheduler_.now() < endpoint.open_at) {
      co_await base::ready_until(scheduler_, endpoint.news, endpoint.open_at);
      continue;
    }
    endpoint.open_at = base::TimePoint::max();
    endpoint.opening = true;
    auto work = endpoint.backend->open();
    auto const until = scheduler_.now() + options_.open_max;
    bool const done = co_await base::run_until(scheduler_, work, until) == base::Ended::done;
    endpoint.opening = false;
    Result<core::ServerIdentity> late = Error(Fault::timed_out, Blame::upstream, "it does not come up");
    settle(endpoint, done ? work.take() : std::move(late));
  }
}

void PoolBackend::settle(Endpoint& endpoint, Result<core::ServerIdentity> brought) {
  ++endpoint.tries;
  if (brought) {
    endpoint.failures = 0;
    endpoint.identity = std::move(*brought);
    endpoint.kin = kin_of(*endpoint.identity);
    if (!choice_.is_ejected(endpoint.index)) endpoint.cause.clear();
    choice_.opened(endpoint.index);
  } else {
    ++endpoint.failures;
    endpoint.error = brought.error();
    endpoint.cause = endpoint.error.detail;
    choice_.closed(endpoint.index);
    open_by(endpoint, next_attempt(endpoint));
  }
  changed();
  settled_.set();
  settled_.reset();
}

// What most addresses are; the first in the configuration where votes are equal. One that is down still
// votes, so that another server does not take its place; only its own next revision may.
void PoolBackend::vote() {
  std::string best;
  std::ptrdiff_t most = 0;
  bool alive = false;
  auto const same_as = [](std::string const& kin) {
    return [&kin](auto const& one) { return one->identity && one->kin == kin; };
  };
  for (auto const& endpoint : endpoints_) {
    if (!endpoint->identity) continue;
    auto const votes = std::count_if(endpoints_.begin(), endpoints_.end(), same_as(endpoint->kin));
    if (votes <= most) continue;
    most = votes;
    best = endpoint->kin;
  }
  for (auto const& endpoint : endpoints_)
    alive = alive || (endpoint->kin == best && choice_.is_open(endpoint->index));
  for (auto const& endpoint : endpoints_) {
    if (alive || !choice_.is_open(endpoint->index)) continue;
    if (name_of_kin(endpoint->kin) != name_of_kin(best)) continue;
    best = endpoint->kin;
    alive = true;
  }
  era_moved_ = era_moved_ || (best != reference_ && !reference_.empty());
  reference_ = best;
  for (auto const& endpoint : endpoints_) {
    bool const odd = endpoint->identity && endpoint->kin != reference_;
    choice_.set_odd(endpoint->index, odd);
    bool const forgotten = odd && !endpoint->opening && endpoint->open_at == base::TimePoint::max();
    if (forgotten) open_by(*endpoint, scheduler_.now() + base::jittered(options_.odd_again, 20, random_));
  }
}

void PoolBackend::elect() {
  auto const fits = [this](unsigned i) { return choice_.is_open(i) && !choice_.is_odd(i); };
  if (lead_ && choice_.in_use(*lead_)) return;
  std::optional<unsigned> next;
  for (unsigned i = choice_.size(); i-- > 0;) {
    if (choice_.in_use(i)) next = i;
  }
  if (!next && lead_ && fits(*lead_)) return;
  for (unsigned i = choice_.size(); !next && i-- > 0;) {
    if (fits(i)) next = i;
  }
  if (next == lead_) return;
  lead_ = next;
  if (lead_) ++lead_term_;
  lead_moved_.set();
  lead_moved_.reset();
}

// After anything that decides who gets calls. Nobody outside is told from here: it may be called while a call
// is being dropped.
void PoolBackend::changed() {
  vote();
  elect();
  double const usable = stopped_ ? 0 : choice_.count_in_use();
  if (usable != shown_) options_.usable.add(usable - shown_);
  shown_ = usable;
  news_.set();
}

base::Task<void> PoolBackend::tell() {
  bool ready = false;
  std::uint64_t term = 0;
  for (;;) {
    co_await news_.wait();
    news_.reset();
    bool const moved = lead_ && lead_term_ != term;
    bool const first = term == 0;
    term = lead_ ? lead_term_ : term;
    bool const was_ready = std::exchange(ready, any_open());
    bool const other_era = std::exchange(era_moved_, false);
    if (ready != was_ready) observer_.state_changed(options_.name);
    if (other_era) observer_.era_changed(options_.name);
    if (!moved) continue;
    if (resources_ != nullptr) resources_->resources_missed();
    if (first) continue;
    for (auto const list : {mcp::Method::tools_list, mcp::Method::prompts_list, mcp::Method::resources_list})
      observer_.list_changed(options_.name, list);
  }
}

void PoolBackend::open_by(Endpoint& endpoint, base::TimePoint when) noexcept {
  if (when >= endpoint.open_at) return;
  endpoint.open_at = when;
  endpoint.news.set();
}

base::TimePoint PoolBackend::next_attempt(Endpoint const& endpoint) {
  auto wait = options_.again_min;
  for (unsigned i = 1; i < endpoint.failures && wait < options_.again_max; ++i) wait *= 2;
  return scheduler_.now() + base::jittered(std::min(wait, options_.again_max), 20, random_);
}

void PoolBackend::went_out(unsigned index, std::string cause) {
  auto& endpoint = at(index);
  options_.ejections.add();
  endpoint.cause = std::move(cause);
  open_by(endpoint, choice_.is_open(index) ? choice_.out_until(index) : next_attempt(endpoint));
  changed();
}

// A backend learns from calls that its server is gone or back.
void PoolBackend::state_of(unsigned index) {
  auto& endpoint = at(index);
  if (endpoint.opening || stopped_) return;
  auto const status = endpoint.backend->status();
  if (status.state == core::ServerState::ready && !choice_.is_open(index)) {
    open_by(endpoint, scheduler_.now());
  } else if (status.state == core::ServerState::failed && choice_.closed(index)) {
    went_out(index, status.cause);
  }
}

// It did not answer one of our own requests. Whatever it was: who it is must be asked anew.
void PoolBackend::distrust(unsigned index, Error const& because) {
  auto const verdict = verdict_of(because);
  bool const failed = verdict == EndpointVerdict::bad || verdict == EndpointVerdict::unreachable;
  if (failed && choice_.closed(index)) return went_out(index, because.detail);
  open_by(at(index), next_attempt(at(index)));
}

Error PoolBackend::not_connected() const {
  return Error(Fault::starting, Blame::upstream, "none of its addresses is connected yet")
      .about(options_.name);
}

Error PoolBackend::all_failed() const {
  Error error = endpoints_.front()->error;
  error.detail = fmt::format("none of its {} addresses answers: {}", endpoints_.size(), out_list());
  return std::move(error).about(options_.name);
}

bool PoolBackend::any_open() const noexcept {
  return std::any_of(endpoints_.begin(), endpoints_.end(), [this](auto const& endpoint) {
    return choice_.is_open(endpoint->index) && !choice_.is_odd(endpoint->index);
  });
}

// "a:80 (connection refused), b:80 (…)": those that get no calls.
std::string PoolBackend::out_list() const {
  std::string list;
  for (auto const& endpoint : endpoints_) {
    if (choice_.in_use(endpoint->index)) continue;
    auto const cause = choice_.is_odd(endpoint->index) ? fmt::format("is another server, {}", endpoint->kin)
                                                       : endpoint->cause;
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", endpoint->label, cause);
  }
  return list;
}

core::ServerStatus PoolBackend::status() const {
  core::ServerStatus status = at(lead_.value_or(0)).backend->status();
  bool const tried = std::all_of(endpoints_.begin(), endpoints_.end(),
                                 [](auto const& endpoint) { return endpoint->tries > 0; });
  status.state = any_open() ? core::ServerState::ready
                 : tried    ? core::ServerState::failed
                            : core::ServerState::starting;
  if (stopped_) status.state = core::ServerState::stopped;
  auto const count = choice_.size() - choice_.count_in_use();
  status.cause.clear();
  if (status.state == core::ServerState::ready) status.cure.clear();
  if (tried && count > 0) {
    status.cause = fmt::format("{} of {} addresses get no calls: {}", count, choice_.size(), out_list());
  }
  return status;
}

}  // namespace weir::upstream
