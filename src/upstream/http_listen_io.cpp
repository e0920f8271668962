#include "upstream/http_backend.hpp"
#include "upstream/own_request.hpp"

// How HttpBackend hears that a list changed: its own subscription (modern) or the session's GET stream
// (legacy).
namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr base::Duration kAgainMin = std::chrono::seconds{1};
constexpr base::Duration kAgainMax = std::chrono::seconds{60};
constexpr std::string_view kEverything =
    R"({"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}})";

}  // namespace

base::Task<Result<net::HttpReply>> HttpBackend::post_listen(std::string params, std::uint64_t id) {
  auto const revision = modern_->revision();
  auto body = own_request(mcp::Method::subscriptions_listen, params, id, revision, options_.gateway_info);
  auto const head = HttpHeads::modern(mcp::Method::subscriptions_listen, revision, {}, body.size());
  auto const used = heads();
  std::array<iovec, 2> const parts{part_of(head), part_of(body)};
  auto const whom = shown_for(nullptr, scheduler_.now(), kTokenMax);
  co_return co_await send(*used, HttpHeads::Verb::post, parts, whom);
}

base::Task<Result<net::HttpReply>> HttpBackend::open_listening() {
  if (modern_) co_return co_await post_listen(std::string(kEverything), next_id_++);
  auto const head = HttpHeads::open_events(own_session_->id, mcp::text_of(legacy_->revision()));
  co_return co_await get_events(head, shown_for(nullptr, scheduler_.now(), kTokenMax));
}

// `head`: the request's own part; it and whose it is outlive the task.
base::Task<Result<net::HttpReply>> HttpBackend::get_events(std::string const& head, ShownFor whom) {
  auto const used = heads();
  iovec const part = part_of(head);
  co_return co_await send(*used, HttpHeads::Verb::get, {&part, 1}, whom);
}

void HttpBackend::hear(core::ResourceObserver* observer) {
  resources_ = observer;
  if (older_) older_->hear(observer);
}

base::Task<Result<void>> HttpBackend::listen(std::string params,
                                             std::function<void(mcp::Message const&)> told) {
  if (older_) co_return co_await older_->listen(std::move(params), std::move(told));
  if (!modern_) co_return about(Error(Fault::starting, Blame::upstream, "not connected yet"));
  std::uint64_t const id = next_id_++;
  auto reply = co_await post_listen(std::move(params), id);
  if (!reply) co_return about(reply.error());
  if (!reply->event_stream() || reply->head.status != 200) co_return refused(reply->head);
  for (;;) {
    auto event = co_await reply->next_event();
    if (!event) co_return about(event.error());
    if (!*event) co_return about(Error(Fault::connection_lost, Blame::upstream, "the event stream ended"));
    if ((*event)->type != kMessageEvent) continue;
    auto const message = mcp::decode(std::move((*event)->data), options_.limits);
    if (!message) co_return about(Error(Fault::protocol, Blame::upstream, message.error().sentence));
    if (message->kind() == mcp::MessageKind::notification) told(*message);
    if (message->kind() == mcp::MessageKind::error)
      co_return about(Error(Fault::protocol, Blame::upstream, "the server refused the subscription"));
    if (message->kind() == mcp::MessageKind::result) co_return Result<void>{};
  }
}

void HttpBackend::missed() {
  observer_.list_changed(options_.name, mcp::Method::tools_list);
  observer_.list_changed(options_.name, mcp::Method::prompts_list);
  observer_.list_changed(options_.name, mcp::Method::resources_list);
  if (resources_ != nullptr) resources_->resources_missed();
}

// For as long as the server stays open here. What was missed between two streams is made up for by asking
// again (P071).
base::Task<void> HttpBackend::listen_loop() {
  base::Duration again = kAgainMin;
  bool had_stream = false;
  for (bool gap = false;; gap = true) {
    std::string const session = own_session_->id;
    auto reply = co_await open_listening();
    bool const forgotten = reply && reply->head.status == 404 && !modern_ && own_session_->id == session;
    if (forgotten && had_stream) {  // else it has no such stream at all
      own_session_->closed();
      auto const opened = co_await open_session(own_session_);
      had_stream = !opened;
      if (opened) continue;
    }
    if (reply) {
      if (!reply->event_stream() || reply->head.status != 200) {
        if (reply->head.status < 500 && reply->head.status != 404) co_return;  // it does not offer this
      } else {
        if (gap) missed();
        again = kAgainMin;
        had_stream = true;
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
    co_await scheduler_.sleep_for(base::jittered(again, 20, random_));
    again = std::min(again * 2, kAgainMax);
  }
}

}  // namespace weir::upstream
