#include <array>

#include "base/run_until.hpp"
#include "core/client_capabilities.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/own_request.hpp"

// The legacy sessions of HttpBackend: one of the gateway's own, and one for each client session that calls.
namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using core::Outcome;

namespace {
constexpr std::string_view kPooled = "*";  // begins the keys of modern clients; ids of sessions never have it

constexpr base::Duration kAcknowledgeMax = std::chrono::seconds{2};  // of a notification; then it goes on

bool client_session_over(core::Call const& call) {
  if (call.modern() || !call.session) return false;
  auto const inbox = call.session->inbox.lock();
  return !inbox || inbox->over();
}

}  // namespace

// Tells a legacy server that nobody wants the answer any more, unless the answer came.
class HttpBackend::CancelOnDrop {
 public:
  CancelOnDrop(HttpBackend& backend, std::string session, std::uint64_t id)
      : backend_(backend), session_(std::move(session)), id_(id) {}
  CancelOnDrop(CancelOnDrop const&) = delete;
  CancelOnDrop& operator=(CancelOnDrop const&) = delete;
  ~CancelOnDrop() {
    if (armed) backend_.background_.spawn(backend_.tell(session_, cancel_notification(id_)));
  }
  bool armed = true;

 private:
  HttpBackend& backend_;
  std::string session_;
  std::uint64_t id_;
};

base::Task<void> HttpBackend::tell(std::string session, std::string message) {
  if (!legacy_) co_return;  // the server was found to be another one since
  std::string head = HttpHeads::legacy(session, mcp::text_of(legacy_->revision()), message.size());
  auto owner = owner_of(session);
  auto saying = say(HttpHeads::Verb::post, std::move(head), std::move(message), 0,
                    std::move(owner));  // may be lost: no harm
  co_await base::run_until(scheduler_, saying, scheduler_.now() + options_.probe_max);
}

base::Task<void> HttpBackend::end_session(std::string session, mcp::Revision revision, Owner owner) {
  for (int attempt = 0; !session.empty() && attempt < 2; ++attempt) {
    auto saying = say(HttpHeads::Verb::del, HttpHeads::legacy_delete(session, mcp::text_of(revision)),
                      std::string(), 0, owner);
    auto const until = scheduler_.now() + options_.probe_max;
    if (co_await base::run_until(scheduler_, saying, until) != base::Ended::done) co_return;
    auto const seen = saying.take();
    if (seen || seen.error().fault != Fault::connection_lost) co_return;  // else a kept connection had died
  }
}

void HttpBackend::finish_session(Session& session) {
  session.over = true;
  session.stream.cancel();
  if (session.is_open() && legacy_)
    background_.spawn(end_session(session.id, legacy_->revision(), session.owner));
  session.closed();
}

// It goes on when its callers are cancelled: what the server has made by then is used later, or ended (F-20).
base::Task<Result<void>> HttpBackend::open_session(std::shared_ptr<Session> session) {
  if (session->is_open()) co_return Result<void>{};
  auto opening = session->opening;
  if (!opening) {
    opening = session->opening = std::make_shared<Opening>(scheduler_);
    background_.spawn(run_opening(session, opening));
  }
  co_await opening->over.wait();
  co_return opening->result;
}

base::Task<void> HttpBackend::run_opening(std::shared_ptr<Session> session,
                                          std::shared_ptr<Opening> opening) {
  struct Settled {  // also when it is cancelled
    Session& session;
    Opening& opening;
    Settled(Session& s, Opening& o) noexcept : session(s), opening(o) {}
    Settled(Settled const&) = delete;
    Settled& operator=(Settled const&) = delete;
    ~Settled() {
      session.opening.reset();
      opening.over.set();
    }
  } const settled(*session, *opening);
  opening->result = co_await shake_hands(session);
  if (session->over) finish_session(*session);
}

base::Task<Result<void>> HttpBackend::shake_hands(std::shared_ptr<Session> session) {
  if (own_session_->over) {
    co_return about(Error(Fault::unavailable, Blame::gateway, "the server is being stopped", Retry::always));
  }
  if (!legacy_) co_return about(Error(Fault::starting, Blame::upstream, "being asked anew", Retry::always));
  NextStep step;
  step.kind = NextStep::Kind::initialize;
  step.revision = legacy_->revision();
  auto seen = co_await probe(step, session->capabilities, session->owner);
  contact(seen);
  if (!seen) co_return seen.error();
  if (seen->status != 200 || !seen->message || seen->message->kind() != mcp::MessageKind::result) {
    net::ReplyHead head;
    head.status = seen->status;
    auto const* const said = seen->message ? &*seen->message : nullptr;
    bool const not_here = head.status == 400 || head.status == 404 || head.status == 405;
    if (not_here || raises_doubt(false, head.status, said)) doubt_era(false);
    co_return refused(head);
  }
  if (session->is_open()) {  // a discovery has given it another one meanwhile
    background_.spawn(end_session(std::move(seen->session), step.revision, session->owner));
    co_return Result<void>{};
  }
  bool const again = !session->id.empty();
  session->id = std::move(seen->session);
  session->log_floor = kNoLogLevel;
  auto telling = tell(session->id, own_notification(mcp::Method::notifications_initialized, "{}"));
  co_await base::run_until(scheduler_, telling, scheduler_.now() + kAcknowledgeMax);
  hear_session(*session);
  session->opened(step.revision);
  if (again) {
    ++reinitialised_;
    options_.reinits.add();
    missed();  // a server that knows its sessions no more was probably started anew
  }
  co_return Result<void>{};
}

// Modern clients have no session: those of one principal that can be asked the same things share one.
std::string HttpBackend::session_key(core::Call const& call) {
  if (!call.modern()) return call.session ? call.session->id : std::string();
  std::string key(kPooled);
  if (call.principal != nullptr) key += call.principal->id;
  return key.append(1, ' ').append(core::ClientCapabilities::of(call).write());
}

// Makes room for one more by ending the pooled session that rested longest; false: all are clients' or in
// use.
bool HttpBackend::drop_a_pooled_session() {
  auto oldest = sessions_.end();
  for (auto at = sessions_.lower_bound(kPooled); at != sessions_.end() && at->first.starts_with(kPooled);
       ++at) {
    bool const in_use = at->second.use_count() > 1;
    if (in_use || (oldest != sessions_.end() && oldest->second->last_used <= at->second->last_used)) continue;
    oldest = at;
  }
  if (oldest == sessions_.end()) return false;
  finish_session(*oldest->second);
  sessions_.erase(oldest);
  return true;
}

base::Task<Result<std::shared_ptr<HttpBackend::Session>>> HttpBackend::session_for(core::Call& call) {
  std::string const key = session_key(call);
  auto found = sessions_.find(key);
  if (found == sessions_.end()) {
    if (client_session_over(call)) {  // it came from another worker, after the news of the end
      co_return Error(Fault::not_found, Blame::client, "session not found");
    }
    if (sessions_.size() >= options_.sessions_max && !drop_a_pooled_session()) {
      co_return about(
          Error(Fault::busy, Blame::gateway, "too many sessions with this server", Retry::always));
    }
    auto made = std::make_shared<Session>(scheduler_, core::ClientCapabilities::of(call).write(), options_);
    made->owner = owner_for(call);
    found = sessions_.emplace(key, std::move(made)).first;
  }
  std::shared_ptr<Session> session = found->second;
  session->last_used = scheduler_.now();
  if (!session->is_open()) {
    auto whom = shown_for(call, scheduler_.now());
    whom.caller = session->owner.get();
    if (auto const token = co_await await_token(whom); !token) co_return token.error();
    if (auto opened = co_await open_session(session); !opened) co_return opened.error();
  }
  co_return session;
}

std::string HttpBackend::session_of(core::Call const& call) const {
  auto const found = sessions_.find(session_key(call));
  return found == sessions_.end() ? std::string() : found->second->id;
}

base::Task<Result<net::HttpReply>> HttpBackend::post_legacy(core::Call& call, Dialect const* dialect,
                                                            std::uint64_t id, std::string session,
                                                            Sent& sent) {
  mcp::Splice const edits = dialect->request(call, id);
  auto const heads = heads_for(sent);
  std::string const head = HttpHeads::legacy(call, session, mcp::text_of(dialect->revision()), edits.size());
  std::array<iovec, mcp::Splice::kPiecesMax + 1> pieces;
  pieces[0] = part_of(head);
  std::size_t const count = 1 + edits.fill(std::span(pieces).subspan(1));
  std::span<iovec const> const parts(pieces.data(), count);
  co_return co_await send(*heads, HttpHeads::Verb::post, parts, shown_for(call, scheduler_.now()));
}

base::Task<Result<Outcome>> HttpBackend::handle_legacy(core::Call& call,
                                                       std::shared_ptr<Dialect const> dialect) {
  InFlight const here(*this);
  core::UpstreamTime const timed(call, scheduler_.clock());
  Sent sent;
  for (int attempt = 0;; ++attempt) {
    auto session = co_await session_for(call);
    if (!session) co_return session.error();
    if (logs_ && call.modern()) co_await want_logs(call, **session);
    std::string const used = (*session)->id;
    std::uint64_t const id = next_id_++;
    Flying const flying(*this, **session, call);
    CancelOnDrop cancel(*this, used, id);
    auto reply = co_await post_legacy(call, dialect.get(), id, used, sent);
    contact(reply);
    if (!reply) {
      cancel.armed = false;
      bool const again =
          reply.error().fault == Fault::connection_lost && attempt == 0 && mcp::traits_of(call.method).safe;
      if (again) continue;
      co_return about(reply.error());
    }
    bool again = credential_refused(sent, reply->head.status);
    if (again) again = co_await other_credential(sent);
    if (again) {
      cancel.armed = false;
      continue;
    }
    if (reply->head.status == 404 && !used.empty() && attempt == 0) {
      cancel.armed = false;
      if ((*session)->id == used) (*session)->closed();  // somebody else may have opened it anew already
      continue;
    }
    if (reply->head.status == 404 && !used.empty()) {  // what it says of sessions is not for our client
      cancel.armed = false;
      co_return refused(reply->head);
    }
    auto outcome = co_await read_answer(call, *dialect, *reply, id);
    cancel.armed = false;
    weigh(false, reply->head.status, outcome);
    co_return outcome;
  }
}

void HttpBackend::session_ended(std::string_view session_id) {
  auto const found = sessions_.find(session_id);
  if (found == sessions_.end()) return;
  finish_session(*found->second);
  sessions_.erase(found);
}

}  // namespace weir::upstream
