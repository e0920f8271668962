#include "router/subscription_words.hpp"

#include "core/resource_notes.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/splice.hpp"

namespace weir::router {

namespace {

constexpr std::array<std::string_view, 3> kLists{"toolsListChanged", "promptsListChanged",
                                                 "resourcesListChanged"};
constexpr std::string_view kUris = "resourceSubscriptions";
constexpr std::string_view kTasks = "taskIds";

constexpr std::string_view kSubscriptionId = "io.modelcontextprotocol/subscriptionId";

std::string tag(core::Call const& call) {
  return R"("_meta":{")" + std::string(kSubscriptionId) +
         "\":" + std::string(call.request.raw(mcp::Field::id)) + '}';
}

}  // namespace

std::optional<Wanted> read_wanted(std::string_view notifications) {
  Wanted wanted;
  mcp::JsonCursor cursor(notifications);
  mcp::JsonValue key, value;
  bool uris = false;
  if (!cursor.enter_object()) return std::nullopt;
  while (cursor.next_member(key)) {
    if (!cursor.read_value(value)) return std::nullopt;
    uris = uris || key.inner(notifications) == kUris;
    if (key.inner(notifications) == kTasks) {
      if (value.kind != mcp::JsonKind::array) return std::nullopt;
      wanted.tasks = true;
    }
    for (std::size_t i = 0; i < kLists.size(); ++i) {
      if (key.inner(notifications) != kLists[i]) continue;
      if (value.kind != mcp::JsonKind::boolean) return std::nullopt;
      wanted.lists[i] = value.span.of(notifications) == "true";
    }
  }
  if (cursor.failed()) return std::nullopt;
  if (uris) wanted.uris = core::read_watched(notifications);
  if (uris && !wanted.uris) return std::nullopt;
  return wanted;
}

std::string acknowledgement(core::Call const& call, Wanted const& honoured) {
  std::string members;
  auto const add = [&members](std::string_view key, std::string_view value) {
    members.append(members.empty() ? "\"" : ",\"").append(key).append("\":").append(value);
  };
  for (std::size_t i = 0; i < kLists.size(); ++i) {
    if (honoured.lists[i]) add(kLists[i], "true");
  }
  if (honoured.uris) add(kUris, core::write_uris(*honoured.uris));
  return R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged",)"
         R"("params":{"notifications":{)" +
         members + "}," + tag(call) + "}}";
}

std::string list_changed(core::Call const& call, std::size_t list) {
  return R"({"jsonrpc":"2.0","method":")" + std::string(kListNotifications[list]) + R"(","params":{)" +
         tag(call) + "}}";
}

std::string resource_changed(core::Call const& call, std::string_view uri, std::string_view more) {
  if (more.empty()) return core::resource_updated(uri, tag(call));
  auto const update = mcp::decode(core::resource_updated(uri, more));
  if (!update) return core::resource_updated(uri, tag(call));  // too many members, say
  mcp::Splice edits(update->bytes());
  if (update->has(mcp::Field::meta)) {
    edits.insert_member(update->span(mcp::Field::meta), kSubscriptionId, call.request.raw(mcp::Field::id));
  } else {
    edits.insert_owned(update->span(mcp::Field::params).end - 1, ',' + tag(call));
  }
  std::string text;
  edits.append_to(text);
  return text;
}

core::Outcome end_of_subscription(core::Call const& call) {
  return core::from_result(R"({"resultType":"complete",)" + tag(call) + '}');
}

}  // namespace weir::router
