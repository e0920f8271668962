#include "upstream/http_backend.hpp"
#include "upstream/own_request.hpp"

// How HttpBackend hears that a list changed: its own subscription (modern) or the session's GET stream
// (legacy).
namespace weir::upstream {

using base::Result;

namespace {

constexpr base::Duration kAgainMin = std::chrono::seconds{1};
constexpr base::Duration kAgainMax = std::chrono::seconds{60};
constexpr std::string_view kEverything =
    R"({"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}})";

}  // namespace

base::Task<Result<net::HttpReply>> HttpBackend::open_listening() {
  std::string body;
  std::string head;
  if (modern_) {
    body = own_request(mcp::Method::subscriptions_listen, kEverything, next_id_++, modern_->revision(),
                       options_.gateway_info);
    head = heads_.modern(mcp::Method::subscriptions_listen, modern_->revision(), {}, body.size());
  } else {
    head = heads_.open_events(own_session_->id, mcp::text_of(legacy_->revision()));
  }
  iovec const part{body.data(), body.size()};
  co_return co_await client_.exchange(head, {&part, body.empty() ? 0U : 1U});
}

void HttpBackend::all_lists_changed() {
  observer_.list_changed(options_.name, mcp::Method::tools_list);
  observer_.list_changed(options_.name, mcp::Method::prompts_list);
  observer_.list_changed(options_.name, mcp::Method::resources_list);
}

// For as long as the server stays open here. What was missed between two streams is made up for by asking
// again (P071).
base::Task<void> HttpBackend::listen_loop() {
  base::Duration again = kAgainMin;
  for (bool gap = false;; gap = true) {
    auto reply = co_await open_listening();
    if (reply) {
      if (!reply->event_stream() || reply->head.status != 200) {
        if (reply->head.status < 500 && reply->head.status != 404) co_return;  // it does not offer this
      } else {
        if (gap) all_lists_changed();
        again = kAgainMin;
        for (;;) {
          auto event = co_await reply->next_event();
          if (!event || !*event) break;
          if ((*event)->type != kMessageEvent) continue;
          auto const message = mcp::decode(std::move((*event)->data), options_.limits);
          if (!message) break;
          if (message->kind() == mcp::MessageKind::notification) noticed(*message);
          if (message->kind() == mcp::MessageKind::request) answer_server(*message, own_session_->id);
          if (message->kind() == mcp::MessageKind::error) co_return;
        }
      }
    }
    co_await scheduler_.sleep_for(again);
    again = std::min(again * 2, kAgainMax);
  }
}

}  // namespace weir::upstream
