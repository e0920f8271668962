#include <fmt/core.h>

#include "base/run_until.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/own_request.hpp"

// How HttpBackend gives modern calls the log messages of a legacy server.
namespace weir::upstream {

namespace {
constexpr base::Duration kSetLevelMax = std::chrono::seconds{2};
}

// A legacy server knows one level for a session, a modern client one for each request. The session gets the
// most verbose that a call through it wanted; each call filters what comes (NoteRelay, P068).
base::Task<void> HttpBackend::want_logs(core::Call const& call, Session& session) {
  int const wanted = NoteRelay(call).log_floor();
  if (wanted < 0 || wanted >= session.log_floor || !legacy_) co_return;
  struct Lowered {  // also when the caller hangs up: the session goes on at the level that it has
    Session& session;
    int const wanted, before;
    bool taken = false;
    Lowered(Session& s, int level) noexcept
        : session(s), wanted(level), before(std::exchange(s.log_floor, level)) {}
    Lowered(Lowered const&) = delete;
    Lowered& operator=(Lowered const&) = delete;
    ~Lowered() {
      if (!taken && session.log_floor == wanted) session.log_floor = before;
    }
  } lowered(session, wanted);
  auto const revision = legacy_->revision();
  auto const level = mcp::kLogLevels[static_cast<std::size_t>(wanted)];
  std::uint64_t const id = next_id_++;
  std::string body = own_request(mcp::Method::logging_set_level, fmt::format(R"({{"level":"{}"}})", level),
                                 id, revision, options_.gateway_info);
  std::string head = HttpHeads::legacy(session.id, mcp::text_of(revision), body.size());
  auto saying = say(HttpHeads::Verb::post, std::move(head), std::move(body), id, session.owner);
  auto const ended = co_await base::run_until(scheduler_, saying, scheduler_.now() + kSetLevelMax);
  if (ended != base::Ended::done) co_return;  // the call goes on without
  auto const seen = saying.take();
  lowered.taken = seen && seen->message && seen->message->kind() == mcp::MessageKind::result;
}

}  // namespace weir::upstream
