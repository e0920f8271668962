#include "router/subscription_loop.hpp"

#include <array>
#include <vector>

#include "base/ready_any.hpp"
#include "core/client_capabilities.hpp"
#include "router/list_stamps.hpp"
#include "router/local_answers.hpp"
#include "router/subscription_words.hpp"
#include "router/watch_calls_loop.hpp"

namespace weir::router {
namespace {

constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;

// The places of all URIs among those of the caller and of the process, or of none.
std::optional<std::vector<base::Gate::Pass>> enter(base::Gate& gate, std::string_view who,
                                                   std::size_t count) {
  std::vector<base::Gate::Pass> passes;
  passes.reserve(count);
  while (passes.size() < count) {
    auto pass = gate.enter(who);
    if (!pass) return std::nullopt;
    passes.push_back(std::move(*pass));
  }
  return passes;
}

}  // namespace

base::Task<base::Result<core::Outcome>> Subscriptions::serve(core::Call& call) {
  auto wanted = read_wanted(call.request.raw(mcp::Field::notifications));
  if (!wanted) co_return core::from_error(kInvalidParams, "params.notifications is missing or malformed");
  if (wanted->tasks && !core::declares_extension(call, core::kTasksExtension))
    co_return undeclared(core::kTasksExtension);  // P112
  std::string_view const who = call.principal != nullptr ? std::string_view(call.principal->id) : "";
  auto const place = places_.enter(who);
  if (!place) co_return core::from_error(kInternalError, "Too many subscriptions");
  if (wanted->uris && wanted->uris->size() > options_.uris_max)
    co_return core::from_error(kInternalError, "Too many resources in one subscription");

  WatchCalls resources(scheduler_, feed_, call);
  if (wanted->uris) wanted->uris = resources.able(*wanted->uris);
  auto const watched = enter(watches_, who, wanted->uris ? wanted->uris->size() : 0);
  if (!watched) co_return core::from_error(kInternalError, "Too many resources are watched");

  auto seen = list_stamps(feed_.current(), call.endpoint, true);  // before the first await
  if (wanted->uris) resources.watch(*wanted->uris);
  co_await resources.attached(scheduler_.now() + options_.attach_max);
  bool listening = co_await call.client->notify(acknowledgement(call, *wanted));
  auto const is_over = [&] { return feed_.closed() || (call.tenure != nullptr && call.tenure->over()); };
  while (listening && seen && !is_over()) {
    auto const now = list_stamps(feed_.current(), call.endpoint, true);
    if (now != seen) co_await scheduler_.sleep_for(options_.coalesce);
    auto const latest = list_stamps(feed_.current(), call.endpoint, true);
    for (std::size_t i = 0; latest && listening && i < latest->size(); ++i) {
      if (wanted->lists[i] && (*latest)[i] != (*seen)[i])
        listening = co_await call.client->notify(list_changed(call, i));
    }
    auto const changed = resources.take();
    for (auto at = changed.begin(); listening && at != changed.end(); ++at) {
      listening = co_await call.client->notify(resource_changed(call, at->first, at->second));
    }
    seen = latest;
    resources.follow_feed();
    bool const quiet = list_stamps(feed_.current(), call.endpoint, true) == seen;
    auto* const tenure = call.tenure;
    std::array<base::Event*, 3> const any{&feed_.changed(), &resources.news(),
                                          tenure != nullptr ? &tenure->changed() : nullptr};
    auto const until = tenure != nullptr ? tenure->until() : base::TimePoint::max();
    if (listening && seen && quiet && !is_over()) co_await base::ready_any(scheduler_, until, any);
  }
  co_return end_of_subscription(call);
}

}  // namespace weir::router
