#include <algorithm>

#include "upstream/http_backend.hpp"

// How HttpBackend goes on with the answer stream of a legacy server that broke, or that the server ended to
// be polled (P049).
namespace weir::upstream {

namespace {
constexpr int kAttemptsMax = 3;
constexpr std::uint32_t kPauseMsMin = 100;
constexpr std::uint32_t kPauseMsMax = 60'000;
}  // namespace

// True: `reply` is a stream that begins after the last event. The call's own deadline ends all this.
base::Task<bool> HttpBackend::resume(core::Call& call, Dialect const& dialect, net::HttpReply& reply,
                                     StreamPlace& place) {
  if (mcp::is_modern(dialect.revision())) co_return false;
  if (!reply.last_event_id().empty()) place.event = reply.last_event_id();
  if (place.event.empty()) co_return false;
  place.retry_ms = std::clamp(reply.retry_ms().value_or(place.retry_ms), kPauseMsMin, kPauseMsMax);
  reply = net::HttpReply();  // its connection is free for others
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    co_await scheduler_.sleep_for(std::chrono::milliseconds{place.retry_ms});
    auto const head = HttpHeads::open_events(session_of(call), mcp::text_of(dialect.revision()), place.event);
    auto again = co_await get_events(head, shown_for(call, scheduler_.now()));
    if (!again || again->head.status >= 500) continue;
    if (!again->event_stream() || again->head.status != 200) co_return false;
    reply = std::move(*again);
    co_return true;
  }
  co_return false;
}

}  // namespace weir::upstream
