#include "router/watch_calls_loop.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/ready_until.hpp"
#include "base/task_group.hpp"
#include "core/resource_notes.hpp"

namespace weir::router {

namespace {

mcp::Message listen_request(std::map<std::string, std::vector<std::string>> const& uris) {
  std::vector<std::string> own;
  for (auto const& [uri, shown] : uris) own.push_back(uri);
  auto message = mcp::decode(
      R"({"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":)" + core::listen_params(own) + '}',
      mcp::Limits{.json = {}, .bytes_max = SIZE_MAX});
  WEIR_ASSERT(message.has_value());  // written by ourselves from text
  return std::move(*message);
}

}  // namespace

class WatchCalls::Running final : private core::ClientSink {
 public:
  Running(WatchCalls& all, Owner owner)
      : all_(all), owner_(std::move(owner)), call_(listen_request(owner_.uris)), task_(all.scheduler_) {
    static_cast<core::CallFields&>(call_) = all.like_;
    call_.method = mcp::Method::subscriptions_listen;
    call_.client = this;
    call_.facts = {};
    task_.spawn(run());
  }
  Owner const& owner() const noexcept { return owner_; }
  bool attached() const noexcept { return attached_; }

 private:
  base::Task<void> run() { co_await owner_.entry->handle(call_); }

  base::Task<bool> notify(std::string notification) override {
    std::string scratch;
    auto const message = mcp::decode(std::move(notification));
    if (!message) co_return true;
    all_.news_.set();
    if (message->method() == mcp::Method::notifications_subscriptions_acknowledged) {
      attached_ = true;
      if (all_.late_) all_.changed(owner_);
      co_return true;
    }
    auto const found = owner_.uris.find(std::string(message->text(mcp::Field::uri, scratch)));
    if (found == owner_.uris.end()) co_return true;
    auto const more = core::said_besides(*message);
    for (auto const& shown : found->second) all_.changed(shown, more);
    co_return true;
  }

  WatchCalls& all_;
  Owner owner_;
  bool attached_ = false;
  core::Call call_;
  base::TaskGroup task_;
};

WatchCalls::WatchCalls(base::Scheduler& scheduler, CatalogFeed& feed, core::Call const& like)
    : scheduler_(scheduler), feed_(feed), like_(like), news_(scheduler) {}

WatchCalls::~WatchCalls() = default;

std::map<std::uint32_t, WatchCalls::Owner> WatchCalls::owners(std::vector<std::string> const& uris) const {
  std::map<std::uint32_t, Owner> found;
  auto const& view = *feed_.view();
  auto const* const catalog = view.set->find(like_.endpoint, true);
  if (catalog == nullptr) return found;
  for (auto const& uri : uris) {
    auto const of = catalog->find_uri(uri);
    if (!of) continue;
    auto const& server = catalog->servers()[of->server];
    if (!server.contents->capabilities.subscribe) continue;
    bool const allowed = !like_.access || like_.access->to_server(*like_.principal, server.name).verdict ==
                                              core::Access::Verdict::allowed;
    if (!allowed) continue;
    auto& entry = found[server.number];
    entry.entry = view.entries[of->server];
    entry.uris[of->own].push_back(uri);
  }
  return found;
}

std::vector<std::string> WatchCalls::able(std::vector<std::string> const& uris) const {
  std::set<std::string> all;
  for (auto const& [number, owner] : owners(uris)) {
    for (auto const& [own, shown] : owner.uris) all.insert(shown.begin(), shown.end());
  }
  return {all.begin(), all.end()};
}

void WatchCalls::watch(std::vector<std::string> uris) {
  uris_ = std::move(uris);
  view_ = feed_.view();
  for (auto& [number, owner] : owners(uris_)) {
    running_.emplace(number, std::make_unique<Running>(*this, std::move(owner)));
  }
}

base::Task<void> WatchCalls::attached(base::TimePoint until) {
  auto const all = [this] {
    return std::all_of(running_.begin(), running_.end(),
                       [](auto const& one) { return one.second->attached(); });
  };
  while (!all() && scheduler_.now() < until) {
    news_.reset();
    co_await base::ready_until(scheduler_, news_, until);
  }
  late_ = true;
}

void WatchCalls::changed(Owner const& owner) {
  for (auto const& [own, all] : owner.uris) {
    for (auto const& shown : all) changed_.try_emplace(shown);  // nothing against what was said of it
  }
  news_.set();
}

void WatchCalls::changed(std::string const& shown, std::string_view more) {
  changed_.insert_or_assign(shown, std::string(more));
}

void WatchCalls::follow_feed() {
  if (uris_.empty() || view_ == feed_.view()) return;
  view_ = feed_.view();
  auto now = owners(uris_);
  for (auto at = running_.begin(); at != running_.end();) {
    auto const found = now.find(at->first);
    bool const same = found != now.end() && found->second == at->second->owner();
    if (same) now.erase(found);
    at = same ? std::next(at) : running_.erase(at);
  }
  for (auto& [number, owner] : now) {
    running_.emplace(number, std::make_unique<Running>(*this, std::move(owner)));
  }
}

std::map<std::string, std::string> WatchCalls::take() {
  news_.reset();
  return std::exchange(changed_, {});
}

}  // namespace weir::router
