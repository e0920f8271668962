#include "upstream/http_backend.hpp"

#include <array>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "core/client_capabilities.hpp"
#include "upstream/credential_exchange_io.hpp"
#include "upstream/own_request.hpp"
#include "upstream/sse_verdict.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using core::Outcome;
using mcp::Field;

namespace {

constexpr base::Duration kGoodbyeTime = std::chrono::seconds{1};  // of close(): for ending sessions
constexpr base::Duration kLateMax = std::chrono::seconds{20};     // for an answer that nobody waits for
constexpr base::Duration kTlsProbeMax = std::chrono::seconds{3};
constexpr std::string_view kSessionField = "mcp-session-id";
constexpr char kAnswersWithTls[] = "; the port answers with TLS: write https://";
constexpr char kWriteHttps[] = "Write https:// in the server's url.";

base::Task<Result<Outcome>> failed_with(Error error) { co_return error; }

// What may change is taken from where it changes: no copy of it stays in the options.
std::shared_ptr<HttpHeads const> first_heads(HttpBackendOptions const& options, std::uint64_t& edition) {
  if (!options.credential) return std::make_shared<HttpHeads const>(options.url, options.fields);
  auto const use = options.credential->use();
  edition = use.edition;
  return std::make_shared<HttpHeads const>(options.url, *use.fields);
}

net::ClientOptions with_fields(net::ClientOptions options) {
  options.fields_kept = {kSessionField, "www-authenticate", "dpop-nonce"};
  return options;
}

}  // namespace

HttpBackend::HttpBackend(base::Scheduler& scheduler, net::Dialer& dialer, base::Random& random,
                         core::BackendObserver& observer, HttpBackendOptions options)
    : scheduler_(scheduler),
      dialer_(dialer),
      random_(random),
      observer_(observer),
      options_(std::move(options)),
      heads_(first_heads(options_, edition_)),
      client_(scheduler, dialer, net::Endpoint{options_.url.https, options_.url.host, options_.url.port},
              with_fields(options_.client)),
      calls_over_(scheduler),
      replies_(scheduler, kRepliesMost),
      legacy_asked_(scheduler),
      own_session_(
          std::make_shared<Session>(scheduler, core::ClientCapabilities::everything().write(), options_)),
      listening_(scheduler),
      background_(scheduler),
      looking_(scheduler) {
  status_.transport = "http";
}

HttpBackend::~HttpBackend() = default;

Error HttpBackend::about(Error error) const {
  if (!error.server.empty()) return error;
  return std::move(error).about(options_.name);
}

// What an HTTP status without a usable JSON-RPC body says.
Error HttpBackend::refused(net::ReplyHead const& head) const {
  if (head.status == 401 || head.status == 403) {
    auto const use = options_.credential ? options_.credential->use() : core::CredentialSlot::Use();
    auto const& fields = use.fields ? *use.fields : options_.fields;
    return about(credential_wanted(head.status, options_.credentials || !fields.empty()));
  }
  std::string const text = "the server answered HTTP " + std::to_string(head.status);
  if (head.status == 429 || head.status == 503) {
    return about(throttled(text, head.retry_after));
  }
  if (head.status >= 500) return about(Error(Fault::unavailable, Blame::upstream, text));
  return about(Error(head.status >= 400 ? Fault::refused : Fault::protocol, Blame::upstream, text));
}

// A server is said to be an HTTP+SSE one once it has spoken as one.
core::ServerStatus HttpBackend::status() const {
  if (!older_) return status_;
  auto status = older_->status();
  if (status.state == core::ServerState::ready || !status.era.empty()) return status;
  status.transport = status_.transport;
  if (!status.cause.empty()) status.cause = no_endpoint(post_status_, status.cause);
  return status;
}

void HttpBackend::failed(Error const& error) {
  status_.state = core::ServerState::failed;
  status_.cause = error.detail;
  status_.cure = error.blame != Blame::upstream ? error.hint : std::string();
  unreachable_ = error.fault == Fault::connect_failed;
}

// Calls learn before anybody else that a server is gone or back; the catalogue then asks it anew.
void HttpBackend::contact(Error const* lost) {
  bool const gone = lost != nullptr && lost->fault == Fault::connect_failed;
  if (gone && status_.state == core::ServerState::ready) {
    failed(*lost);
    observer_.state_changed(options_.name);
  } else if (lost == nullptr && unreachable_) {
    unreachable_ = false;
    status_.state = core::ServerState::ready;
    status_.cause.clear();
    status_.cure.clear();
    observer_.state_changed(options_.name);
  }
}

// One request of our own: the first response message, wherever it comes.
base::Task<Result<HttpBackend::Seen>> HttpBackend::collect(net::HttpReply reply, std::uint64_t id) {
  Seen seen;
  seen.status = reply.head.status;
  seen.session = reply.head.field(kSessionField);
  if (reply.event_stream() && seen.status == 200) {
    for (;;) {
      auto event = co_await reply.next_event();
      if (!event) co_return about(event.error());
      if (!*event) co_return seen;
      if ((*event)->type != kMessageEvent) continue;
      auto message = mcp::decode(std::move((*event)->data), options_.limits);
      if (!message) co_return about(Error(Fault::protocol, Blame::upstream, message.error().sentence));
      if (message->kind() == mcp::MessageKind::notification) noticed(*message);
      if (message->kind() == mcp::MessageKind::request) answer_server(*message, own_session_->id);
      if (!answers(*message, id)) continue;
      seen.message = std::move(*message);
      background_.spawn(finish_stream(std::move(reply)));
      co_return seen;
    }
  }
  auto body = co_await reply.body();
  if (!body) co_return about(body.error());
  auto message = mcp::decode(std::move(*body), options_.limits);
  if (message && answers(*message, id)) seen.message = std::move(*message);
  co_return seen;
}

base::Task<Result<HttpBackend::Seen>> HttpBackend::say(HttpHeads::Verb verb, std::string head,
                                                       std::string body, std::uint64_t id, Owner owner) {
  std::array<iovec, 2> const both{part_of(head), part_of(body)};
  std::span<iovec const> const parts(both.data(), body.empty() ? 1U : 2U);
  auto const whom = shown_for(owner.get(), scheduler_.now(), options_.probe_max);
  Sent sent;
  for (;;) {
    auto const heads = heads_for(sent);
    auto reply = co_await send(*heads, verb, parts, whom);
    if (!reply) co_return about(reply.error());
    bool again = credential_refused(sent, reply->head.status);
    if (again) again = co_await other_credential(sent);
    if (!again) co_return co_await collect(std::move(*reply), id);
  }
}

// A request whose asker left before the answer: what session the answer brings is ended (F-20).
class HttpBackend::LateHandshake {
 public:
  LateHandshake(HttpBackend& backend, base::Task<Result<Seen>>& asking, mcp::Revision revision, Owner owner)
      : backend_(backend), asking_(asking), revision_(revision), owner_(std::move(owner)) {}
  LateHandshake(LateHandshake const&) = delete;
  LateHandshake& operator=(LateHandshake const&) = delete;
  ~LateHandshake() {
    if (mcp::is_modern(revision_) || !asking_.started() || asking_.done()) return;
    backend_.background_.spawn(backend_.end_late(std::move(asking_), revision_, owner_));
  }

 private:
  HttpBackend& backend_;
  base::Task<Result<Seen>>& asking_;
  mcp::Revision revision_;
  Owner owner_;
};

base::Task<void> HttpBackend::end_late(base::Task<Result<Seen>> asking, mcp::Revision revision, Owner owner) {
  auto const until = scheduler_.now() + kLateMax;
  if (co_await base::run_until(scheduler_, asking, until) != base::Ended::done) co_return;
  auto const seen = asking.take();
  if (seen) co_await end_session(seen->session, revision, owner);
}

base::Task<Result<HttpBackend::Seen>> HttpBackend::probe(NextStep step, std::string capabilities,
                                                         Owner owner) {
  std::uint64_t const id = next_id_++;
  bool const modern = step.kind == NextStep::Kind::discover;
  auto const method = modern ? mcp::Method::server_discover : mcp::Method::initialize;
  std::string body = own_request(
      method, modern ? "{}" : initialize_params(step.revision, options_.gateway_info, capabilities), id,
      step.revision, options_.gateway_info);
  std::string head = modern ? HttpHeads::modern(method, step.revision, {}, body.size())
                            : HttpHeads::legacy({}, {}, body.size());
  auto asking = say(HttpHeads::Verb::post, std::move(head), std::move(body), id, owner);
  LateHandshake const late(*this, asking, step.revision, owner);
  base::TimePoint const deadline = scheduler_.now() + options_.probe_max;
  if (co_await base::run_until(scheduler_, asking, deadline) == base::Ended::done) co_return asking.take();
  co_return about(Error(Fault::timed_out, Blame::upstream, "no answer to discovery", Retry::always));
}

base::Task<bool> HttpBackend::speaks_tls() {
  if (options_.url.https) co_return false;
  net::Endpoint const to{true, options_.url.host, options_.url.port};
  auto const stream = co_await dialer_.dial(to, scheduler_.now() + kTlsProbeMax);
  if (stream) co_return true;
  auto const& error = stream.error();
  bool const distrusted = error.fault == Fault::connect_failed && error.retry == Retry::never;
  co_return distrusted;  // a certificate that is not trusted is one
}

base::Task<NextStep> HttpBackend::why_lost(HttpDiscovery const& discovery, Error error) {
  bool tls = error.fault == Fault::connection_lost || error.fault == Fault::protocol;
  if (tls) tls = co_await speaks_tls();
  if (tls) {
    error.detail += kAnswersWithTls;
    error.hint = kWriteHttps;
  }
  co_return discovery.lost(std::move(error));
}

base::Task<Result<core::ServerIdentity>> HttpBackend::open() {
  if (older_ && !outgrown_) co_return co_await older_->open();
  base::TimePoint const begun = scheduler_.now();
  status_.state = core::ServerState::starting;
  listening_.cancel();
  HttpDiscovery discovery;
  NextStep step = discovery.start();
  Seen seen;
  while (step.kind == NextStep::Kind::discover || step.kind == NextStep::Kind::initialize) {
    auto brought = co_await probe(step, own_session_->capabilities);
    if (!brought) {
      step = co_await why_lost(discovery, brought.error());
      continue;
    }
    seen = std::move(*brought);
    step = discovery.answered(seen.status, seen.message ? &*seen.message : nullptr);
  }
  bool tls = step.kind == NextStep::Kind::open_sse && seen.status == 400;
  if (tls) tls = co_await speaks_tls();
  if (tls) {
    auto error =
        Error(Fault::protocol, Blame::upstream, std::string("HTTP status 400").append(kAnswersWithTls));
    step = {NextStep::Kind::failed, {}, std::move(error).advise(kWriteHttps)};
  }
  if (step.kind == NextStep::Kind::open_sse && options_.older) {
    post_status_ = seen.status;
    if (!older_) older_ = options_.older();
    older_->hear(resources_);
    outgrown_ = false;
    listening_.spawn(probe_again_loop());
    co_return co_await older_->open();
  }
  if (step.kind == NextStep::Kind::open_sse) {
    step.kind = NextStep::Kind::failed;
    step.error =
        Error(Fault::unsupported, Blame::upstream, no_endpoint(seen.status, {}))
            .advise("Correct the path of its url; if it is an HTTP+SSE server, give it `type: sse`.");
  }
  if (step.kind == NextStep::Kind::failed) {
    failed(step.error);
    co_return about(step.error);
  }
  auto identity = co_await settle(std::move(step), std::move(seen));
  status_.start_took = scheduler_.now() - begun;
  if (!identity) failed(identity.error());
  co_return identity;
}

base::Task<Result<core::ServerIdentity>> HttpBackend::settle(NextStep verdict, Seen seen) {
  auto const dialect =
      std::make_shared<Dialect const>(options_.name, verdict.revision, options_.gateway_info);
  auto identity = dialect->identity(*seen.message);
  modern_ = verdict.kind == NextStep::Kind::modern ? dialect : nullptr;
  if (modern_) {
    auto const named = versions_in(seen.message->raw(Field::supported_versions));
    legacy_offer_ = named.legacy.value_or(mcp::kNewestLegacy);
    legacy_asked_.reset();
  } else {
    legacy_ = dialect;
    co_await adopt_own_session(std::move(seen.session));
  }
  logs_ = !modern_ && identity.capabilities.find("\"logging\"") != std::string::npos;
  retire_older();
  while (modern_ && drop_a_pooled_session()) {
  }
  if (!modern_) listening_.spawn(probe_again_loop());
  unreachable_ = false;
  status_.state = core::ServerState::ready;
  status_.era = mcp::text_of(verdict.revision);
  status_.cause.clear();
  status_.cure.clear();
  for (auto const said : {"listChanged", "subscribe"}) {
    if (identity.capabilities.find(said) == std::string::npos) continue;
    listening_.spawn(listen_loop());
    break;
  }
  if (resources_ != nullptr)
    resources_->resources_missed();  // what was subscribed to, was so in another life
  co_return identity;
}

base::Task<void> HttpBackend::adopt_own_session(std::string id) {
  bool const other = own_session_->is_open() || own_session_->opening;
  if (other && !own_session_->id.empty() && own_session_->id != id) {
    background_.spawn(end_session(own_session_->id, legacy_->revision()));
  }
  own_session_->id = std::move(id);
  own_session_->opened(legacy_->revision());
  co_await tell(own_session_->id, own_notification(mcp::Method::notifications_initialized, "{}"));
}

Result<std::shared_ptr<Dialect const>> HttpBackend::dialect_for(core::Call const& call) const {
  auto const& same = call.modern() ? modern_ : legacy_;
  auto const& other = call.modern() ? legacy_ : modern_;
  if (same || other) return same ? same : other;
  return about(Error(Fault::starting, Blame::upstream, "not connected yet", Retry::always));
}

bool HttpBackend::translates(core::Call const& call) const noexcept {
  if (older_) return older_->translates(call);
  if (!call.modern() && modern_ && !legacy_asked_.is_set()) return true;  // not known yet
  return (call.modern() ? modern_ : legacy_) == nullptr;
}

base::Task<Result<mcp::Message>> HttpBackend::ask(mcp::Method method, std::string params) {
  if (older_) co_return co_await older_->ask(method, std::move(params));
  bool const modern = modern_ != nullptr;
  if (!modern && !legacy_) co_return about(Error(Fault::starting, Blame::upstream, "not connected yet"));
  auto const revision = (modern ? modern_ : legacy_)->revision();
  for (int attempt = 0;; ++attempt) {
    std::uint64_t const id = next_id_++;
    std::string const used = own_session_->id;
    std::string body = own_request(method, params, id, revision, options_.gateway_info);
    std::string head = modern ? HttpHeads::modern(method, revision, {}, body.size())
                              : HttpHeads::legacy(used, mcp::text_of(revision), body.size());
    auto seen = co_await say(HttpHeads::Verb::post, std::move(head), std::move(body), id);
    if (!seen) co_return seen.error();
    if (raises_doubt(modern, seen->status, seen->message ? &*seen->message : nullptr)) doubt_era(modern);
    if (seen->status == 404 && !modern && attempt == 0) {
      if (own_session_->id == used) own_session_->closed();  // else it was opened anew already
      if (auto again = co_await open_session(own_session_); !again) co_return again.error();
      continue;
    }
    if (!seen->message && seen->status == 200)
      co_return about(Error(Fault::protocol, Blame::upstream, "the answer is not an MCP message"));
    if (!seen->message) {
      net::ReplyHead head_only;
      head_only.status = seen->status;
      co_return refused(head_only);
    }
    co_return std::move(*seen->message);
  }
}

base::Task<Result<net::HttpReply>> HttpBackend::post_modern(core::Call& call, Dialect const* dialect,
                                                            std::uint64_t id, Sent& sent) {
  mcp::Splice const edits = dialect->request(call, id);
  auto const heads = heads_for(sent);
  std::string const head = HttpHeads::modern(call, dialect->revision(), edits.size());
  std::array<iovec, mcp::Splice::kPiecesMax + 1> pieces;
  pieces[0] = part_of(head);
  std::size_t const count = 1 + edits.fill(std::span(pieces).subspan(1));
  std::span<iovec const> const parts(pieces.data(), count);
  co_return co_await send(*heads, HttpHeads::Verb::post, parts, shown_for(call, scheduler_.now()));
}

// No coroutine itself: a call should pay for one frame here.
base::Task<Result<Outcome>> HttpBackend::handle(core::Call& call) {
  if (older_) return older_->handle(call);
  if (!call.modern() && modern_ && !legacy_asked_.is_set()) return handle_after_asking(call);
  return handle_as_known(call);
}

base::Task<Result<Outcome>> HttpBackend::handle_as_known(core::Call& call) {
  auto dialect = dialect_for(call);
  if (!dialect) return failed_with(std::move(dialect.error()));
  bool const modern = mcp::is_modern((*dialect)->revision());
  return modern ? handle_modern(call, std::move(*dialect)) : handle_legacy(call, std::move(*dialect));
}

base::Task<Result<Outcome>> HttpBackend::handle_modern(core::Call& call,
                                                       std::shared_ptr<Dialect const> dialect) {
  InFlight const here(*this);
  core::UpstreamTime const timed(call, scheduler_.clock());
  Sent sent;
  for (int attempt = 0;; ++attempt) {
    std::uint64_t const id = next_id_++;
    auto reply = co_await post_modern(call, dialect.get(), id, sent);
    contact(reply);
    if (reply) {
      bool again = credential_refused(sent, reply->head.status);
      if (again) again = co_await other_credential(sent);
      if (again) continue;
      auto answer = co_await read_answer(call, *dialect, *reply, id);
      weigh(true, reply->head.status, answer);
      if (!refuses_headers(answer) || call.method != mcp::Method::tools_call) co_return answer;
      co_return co_await with_fresh_headers(call, *dialect, std::move(answer.error()));
    }
    // A kept connection may die just as it is used again; only what is safe to repeat is sent once more.
    bool const lost = reply.error().fault == Fault::connection_lost;
    if (lost && attempt == 0 && mcp::traits_of(call.method).safe) continue;
    co_return about(reply.error());
  }
}

base::Task<void> HttpBackend::close(base::TimePoint deadline) {
  listening_.cancel();
  looking_.cancel();
  calls_over_.reset();
  if (calls_ > 0) co_await base::ready_until(scheduler_, calls_over_, deadline - kGoodbyeTime);
  for (auto& [key, session] : sessions_) finish_session(*session);
  sessions_.clear();
  finish_session(*own_session_);
  auto drained = [](base::TaskGroup& group) -> base::Task<void> { co_await group.idle(); };
  auto waiting = drained(background_);
  if (co_await base::run_until(scheduler_, waiting, deadline) != base::Ended::done) background_.cancel();
  client_.close_idle();
  if (older_) co_await older_->close(deadline);
  status_.state = core::ServerState::stopped;
}

}  // namespace weir::upstream
