#include <algorithm>

#include "base/run_until.hpp"
#include "core/client_capabilities.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/server_question.hpp"

// The GET streams of a legacy server's sessions: where it may ask a client without saying for which call.
namespace weir::upstream {

using mcp::MessageKind;

namespace {
constexpr std::size_t kSessionStreamsMax = 256;  // half of the connections: the others are for calls
constexpr std::size_t kQuestionsMax = 16;        // of one call at a time
constexpr std::uint32_t kPauseMsMin = 1000;
constexpr std::uint32_t kPauseMsMax = 60'000;
}  // namespace

HttpBackend::Flying::Flying(HttpBackend& backend, Session& in, core::Call& of)
    : call(of), questions(backend.scheduler_), session_(in) {
  session_.flying.push_back(this);
}

HttpBackend::Flying::~Flying() { std::erase(session_.flying, this); }

// Only where there is somebody to ask.
void HttpBackend::hear_session(Session& session) {
  if (!core::ClientCapabilities::read(session.capabilities).any() || &session == own_session_.get()) return;
  session.stream.cancel();
  if (session_streams_ < kSessionStreamsMax) session.stream.spawn(session_stream(session));
}

// A request that names no call is for the one whose client can be asked it; with two such calls, or none, it
// is nobody's (protocol 2025-11-25, server features; the same rule as for a child's stdout).
void HttpBackend::ask_somebody(Session& session, mcp::Message request) {
  Flying* only = nullptr;
  std::size_t able = 0;
  for (auto* const flying : session.flying) {
    if (!may_ask(flying->call, request)) continue;
    only = flying;
    ++able;
  }
  if (able != 1 || only->questions.size() >= kQuestionsMax) return answer_server(request, session.id);
  only->questions.spawn(ask_client(only->call, std::move(request), session.id));
}

base::Task<void> HttpBackend::read_session_stream(Session& session, net::HttpReply& reply) {
  for (;;) {
    auto event = co_await reply.next_event();
    if (!event || !*event) co_return;
    if ((*event)->type != kMessageEvent) continue;
    auto message = mcp::decode(std::move((*event)->data), options_.limits);
    if (!message) co_return;
    if (message->kind() == MessageKind::notification) noticed(*message);
    if (message->kind() == MessageKind::request) ask_somebody(session, std::move(*message));
  }
}

// For as long as the session lives, at the pace that the server names (P049).
base::Task<void> HttpBackend::session_stream(Session& session) {
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& c) noexcept : count(c) { ++count; }
    ~Counted() { --count; }
  } const here(session_streams_);
  std::string last;
  std::uint32_t pause_ms = kPauseMsMin;
  for (auto const legacy = legacy_; legacy;) {
    auto const head = HttpHeads::open_events(session.id, mcp::text_of(legacy->revision()), last);
    auto const whom = shown_for(session.owner.get(), scheduler_.now(), kTokenMax);
    auto reply = co_await get_events(head, whom);
    if (reply && reply->head.status < 500) {
      if (!reply->event_stream() || reply->head.status != 200) co_return;  // it has none, or forgot us
      co_await read_session_stream(session, *reply);
      if (!reply->last_event_id().empty()) last = reply->last_event_id();
      pause_ms = std::clamp(reply->retry_ms().value_or(kPauseMsMin), kPauseMsMin, kPauseMsMax);
    } else {
      pause_ms = std::min(pause_ms * 2, kPauseMsMax);
    }
    reply = about(base::Error());  // its connection is free for others meanwhile
    co_await scheduler_.sleep_for(std::chrono::milliseconds{pause_ms});
  }
}

}  // namespace weir::upstream
