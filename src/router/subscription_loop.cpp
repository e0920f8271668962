#include "router/subscription_loop.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/json_cursor.hpp"

namespace weir::router {
namespace {

constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;

struct Kind {
  std::string_view wanted;  // member of params.notifications
  std::string_view method;
};
constexpr std::array<Kind, 3> kKinds{{
    {"toolsListChanged", "notifications/tools/list_changed"},
    {"promptsListChanged", "notifications/prompts/list_changed"},
    {"resourcesListChanged", "notifications/resources/list_changed"},
}};

using Wanted = std::array<bool, kKinds.size()>;

// What a client can see of one kind, and what servers have said of it: a server may know of a change that its
// list does not show.
struct Shown {
  std::uint64_t hash = 0;
  std::uint64_t announced = 0;
  bool operator==(Shown const&) const = default;
};
using AllShown = std::array<Shown, kKinds.size()>;

// Nothing if it is not an object whose known members are of the right type.
std::optional<Wanted> read_wanted(std::string_view notifications) {
  Wanted wanted{};
  mcp::JsonCursor cursor(notifications);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return std::nullopt;
  while (cursor.next_member(key)) {
    if (!cursor.read_value(value)) return std::nullopt;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (key.inner(notifications) != kKinds[i].wanted) continue;
      if (value.kind != mcp::JsonKind::boolean) return std::nullopt;
      wanted[i] = value.span.of(notifications) == "true";
    }
  }
  if (cursor.failed()) return std::nullopt;
  return wanted;
}

std::optional<AllShown> shown(CatalogSet const& set, core::Call const& call) {
  auto const* const catalog = set.find(call.endpoint, call.modern());
  if (catalog == nullptr) return std::nullopt;
  auto const one = [catalog](ListKind kind) {
    auto const& list = catalog->list(kind);
    return Shown{list.hash, list.announced};
  };
  auto const resources = one(ListKind::resources), templates = one(ListKind::templates);
  Shown const both{resources.hash ^ (templates.hash << 1 | 1), resources.announced + templates.announced};
  return AllShown{one(ListKind::tools), one(ListKind::prompts), both};
}

std::string tag(core::Call const& call) {
  return R"("_meta":{"io.modelcontextprotocol/subscriptionId":)" +
         std::string(call.request.raw(mcp::Field::id)) + '}';
}

std::string acknowledgement(core::Call const& call, Wanted const& wanted) {
  std::string honoured;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (!wanted[i]) continue;
    honoured.append(honoured.empty() ? "\"" : ",\"").append(kKinds[i].wanted).append("\":true");
  }
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged",)";
  return out.append(R"("params":{"notifications":{)")
      .append(honoured)
      .append("},")
      .append(tag(call))
      .append("}}");
}

std::string changed(core::Call const& call, std::string_view method) {
  std::string out = R"({"jsonrpc":"2.0","method":")";
  return out.append(method).append(R"(","params":{)").append(tag(call)).append("}}");
}

core::Outcome end(core::Call const& call) {
  return core::from_result(R"({"resultType":"complete",)" + tag(call) + '}');
}

}  // namespace

base::Task<base::Result<core::Outcome>> Subscriptions::serve(core::Call& call) {
  auto const wanted = read_wanted(call.request.raw(mcp::Field::notifications));
  if (!wanted) co_return core::from_error(kInvalidParams, "params.notifications is missing or malformed");
  auto const place = places_.enter();
  if (!place) co_return core::from_error(kInternalError, "Too many subscriptions");

  auto seen = shown(feed_.current(), call);  // before the first await: what changes from now on is news
  bool listening = co_await call.client->notify(acknowledgement(call, *wanted));
  while (listening && seen && !feed_.closed()) {
    auto const now = shown(feed_.current(), call);
    if (now == seen) {
      co_await feed_.changed().wait();
      continue;
    }
    co_await scheduler_.sleep_for(options_.coalesce);
    auto const latest = shown(feed_.current(), call);
    for (std::size_t i = 0; latest && listening && i < kKinds.size(); ++i) {
      if ((*wanted)[i] && (*latest)[i] != (*seen)[i]) {
        listening = co_await call.client->notify(changed(call, kKinds[i].method));
      }
    }
    seen = latest;
  }
  co_return end(call);
}

}  // namespace weir::router
