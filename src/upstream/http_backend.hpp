// HttpBackend: one MCP server over Streamable HTTP, of either era, and over HTTP+SSE where it offers nothing
// newer.
//
// One per server and worker; owns its connections. open() finds the era (discovery) and, for legacy servers,
// opens the gateway's own session, used for ask(). A legacy client's calls go over a session of their own,
// opened on first use and ended with the client's; modern clients share pooled ones (P050: one forgotten by
// the server is opened anew, once, because 404 proves that nothing ran). Request-scoped events reach the
// client one by one; while it does not read, nothing more is read here. Cancelling a modern call closes its
// connection; cancelling a legacy one also sends notifications/cancelled. A legacy
// session whose client can be asked has a GET stream; what is asked there is for the only call that fits. At
// most kRepliesMost replies to requests of the server are under way; those of calls wait, as many for each as
// it may ask, and what comes on top of that gets none.
// Errors carry the server's name. Where there is a source of credentials, each request carries one; a 401 is
// answered with a new one and sent once more, because it proves that nothing was executed. So it is where a
// configured credential has changed and there is another one. At most `sessions_max` upstream sessions at a
// time; a pooled one that rests makes room. A verdict that a server is a legacy one lasts verdict_max; then
// it is probed again beside its calls (P014). So is one of either era whose answers put that in doubt, soon.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "core/credential_source.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "observe/metrics.hpp"
#include "upstream/credential_exchange_io.hpp"
#include "upstream/dialect.hpp"
#include "upstream/discovery.hpp"
#include "upstream/era_doubt.hpp"
#include "upstream/http_heads.hpp"
#include "upstream/note_relay.hpp"
#include "upstream/session_count.hpp"

namespace weir::upstream {

struct HttpBackendOptions {
  std::string name;
  net::Url url;
  core::CredentialFields fields;                        // the operator's headers and a fixed credential
  std::shared_ptr<core::CredentialSlot> credential;     // instead of `fields`, where they may change
  std::shared_ptr<core::CredentialSource> credentials;  // tokens; null: none are needed
  std::string gateway_info = R"({"name":"weir","version":"0"})";
  base::Duration probe_max = std::chrono::seconds{10};  // one discovery request
  base::Duration verdict_max = std::chrono::hours{6};   // a server is taken for a legacy one
  std::size_t sessions_max = 2000;
  mcp::Limits limits{.json = {}, .bytes_max = 16 * 1024 * 1024};  // of one upstream message
  net::ClientOptions client;
  observe::Counter reinits;  // sessions opened anew because the server forgot them
  observe::Gauge sessions;   // open with the server
  observe::SessionLengths session_lengths;
  // Makes the backend that speaks HTTP+SSE with the same server; used when it offers nothing newer.
  std::function<std::shared_ptr<core::Backend>()> older;
};

inline iovec part_of(std::string_view text) noexcept {
  return {const_cast<char*>(text.data()), text.size()};  // is only read: iovec has no const form
}

inline constexpr std::string_view kMessageEvent = "message";  // events of other types carry no messages

class HttpBackend final : public core::Backend {
 public:
  static constexpr std::size_t kRepliesMost = 16;

  HttpBackend(base::Scheduler& scheduler, net::Dialer& dialer, base::Random& random,
              core::BackendObserver& observer, HttpBackendOptions options);
  ~HttpBackend() override;

  std::string_view name() const noexcept override { return options_.name; }
  base::Task<base::Result<core::ServerIdentity>> open() override;
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  bool listens() const noexcept override { return older_ ? older_->listens() : modern_ != nullptr; }
  base::Task<base::Result<void>> listen(std::string params,
                                        std::function<void(mcp::Message const&)> told) override;
  void hear(core::ResourceObserver* observer) override;
  core::ServerStatus status() const override;
  bool translates(core::Call const& call) const noexcept override;
  void session_ended(std::string_view session_id) override;
  void credential_changed() override { heads(); }
  base::Task<void> close(base::TimePoint deadline) override;

  std::uint64_t reinitialised() const noexcept {
    return reinitialised_;
  }  // upstream sessions opened anew (P050)

 private:
  using Owner = std::shared_ptr<core::Principal const>;
  struct Opening {  // of a session; whoever needs it waits for this
    explicit Opening(base::Scheduler& scheduler) : over(scheduler) {}
    base::Event over;
    base::Result<void> result = base::Error(base::Fault::unavailable, base::Blame::gateway, "being stopped");
  };
  struct Flying;
  class Session {  // one legacy session with the server, counted while it is open
   public:
    Session(base::Scheduler& scheduler, std::string can, HttpBackendOptions const& options)
        : capabilities(std::move(can)),
          stream(scheduler),
          count_(scheduler, options.sessions, options.session_lengths) {}
    bool is_open() const noexcept { return count_.is_open(); }
    void opened(mcp::Revision revision) noexcept { count_.begin(revision); }
    void closed() noexcept { count_.end(); }
    std::string const capabilities;  // of the clients that it serves
    std::string id;
    Owner owner;                       // whose credential its requests carry; null: the gateway's
    bool over = false;                 // nobody needs it any more; one that is being opened ends at once
    std::shared_ptr<Opening> opening;  // while it is being opened
    int log_floor = kNoLogLevel;       // the severity that was set, for all whom it serves
    base::TimePoint last_used;
    std::vector<Flying*> flying;  // the calls in it
    base::TaskGroup stream;       // its GET stream; dies first

   private:
    SessionCount count_;
  };
  struct Flying {  // a call in a session: somebody who may be asked
    Flying(HttpBackend& backend, Session& in, core::Call& of);
    Flying(Flying const&) = delete;
    Flying& operator=(Flying const&) = delete;
    ~Flying();
    core::Call& call;
    base::TaskGroup questions;  // that came outside its own stream

   private:
    Session& session_;
  };
  struct Seen {  // what one of our own requests brought
    int status = 0;
    std::string session;
    std::optional<mcp::Message> message;
  };
  struct LegacySide {  // how a server speaks to legacy clients: not at all without a dialect
    std::shared_ptr<Dialect const> dialect;
    std::optional<std::string> session;  // newly opened
    bool known = true;                   // false: there was no answer
  };
  class CancelOnDrop;
  class LateHandshake;
  class InFlight {  // close() waits for these
   public:
    explicit InFlight(HttpBackend& backend) : backend_(backend) { ++backend_.calls_; }
    InFlight(InFlight const&) = delete;
    InFlight& operator=(InFlight const&) = delete;
    ~InFlight() {
      if (--backend_.calls_ == 0) backend_.calls_over_.set();
    }

   private:
    HttpBackend& backend_;
  };

  // All outlive the task. `parts`: the request's own part of the head, then its body.
  base::Task<base::Result<net::HttpReply>> send(HttpHeads const& heads, HttpHeads::Verb verb,
                                                std::span<iovec const> parts, ShownFor whom);
  base::Task<base::Result<net::HttpReply>> send_with_credential(std::string_view fixed,
                                                                std::span<iovec const> parts, ShownFor whom);
  base::Task<base::Result<void>> await_token(ShownFor whom);
  Owner owner_for(core::Call const& call) const;
  Owner owner_of(std::string_view session) const;
  // `head`: the request's own part. An id of 0: no answer is due.
  base::Task<base::Result<Seen>> say(HttpHeads::Verb verb, std::string head, std::string body,
                                     std::uint64_t id, Owner owner = {});
  base::Task<base::Result<Seen>> collect(net::HttpReply reply, std::uint64_t id);
  base::Task<base::Result<core::ServerIdentity>> settle(NextStep verdict, Seen seen);
  // `capabilities`: what the client can be asked, for `initialize`.
  base::Task<base::Result<Seen>> probe(NextStep step, std::string capabilities, Owner owner = {});
  base::Task<base::Result<void>> open_session(std::shared_ptr<Session> session);
  base::Task<void> run_opening(std::shared_ptr<Session> session, std::shared_ptr<Opening> opening);
  base::Task<base::Result<void>> shake_hands(std::shared_ptr<Session> session);
  void finish_session(Session& session);
  base::Task<base::Result<std::shared_ptr<Session>>> session_for(core::Call& call);
  base::Task<void> want_logs(core::Call const& call, Session& session);
  void hear_session(Session& session);
  base::Task<void> session_stream(Session& session);
  base::Task<void> read_session_stream(Session& session, net::HttpReply& reply);
  void ask_somebody(Session& session, mcp::Message request);
  static std::string session_key(core::Call const& call);
  bool drop_a_pooled_session();
  base::Task<void> tell(std::string session, std::string message);
  base::Task<void> send_reply(std::string session, std::string reply, base::Semaphore::Permit place);
  base::Task<void> end_session(std::string session, mcp::Revision revision, Owner owner = {});
  base::Task<void> end_late(base::Task<base::Result<Seen>> asking, mcp::Revision revision, Owner owner);

  struct Sent {  // with which credential a request goes out, and went
    std::uint64_t edition = 0;
    std::shared_ptr<HttpHeads const> heads;  // null: those of now
    std::uint64_t first = 0;                 // edition that was refused first
    unsigned others = 0;                     // how many it was sent with besides
  };
  using Heads = std::shared_ptr<HttpHeads const>;  // whoever sends from them holds on to them
  Heads const& heads();
  Heads heads_for(Sent& sent);
  bool credential_refused(Sent const& sent, int status);
  base::Task<bool> other_credential(Sent& sent);
  base::Task<base::Result<net::HttpReply>> post_modern(core::Call& call, Dialect const* dialect,
                                                       std::uint64_t id, Sent& sent);
  base::Task<base::Result<net::HttpReply>> post_legacy(core::Call& call, Dialect const* dialect,
                                                       std::uint64_t id, std::string session, Sent& sent);
  base::Task<base::Result<core::Outcome>> handle_modern(core::Call& call,
                                                        std::shared_ptr<Dialect const> dialect);
  base::Task<base::Result<core::Outcome>> handle_legacy(core::Call& call,
                                                        std::shared_ptr<Dialect const> dialect);
  base::Task<base::Result<core::Outcome>> with_fresh_headers(core::Call& call, Dialect const& dialect,
                                                             base::Error refused);
  base::Task<std::optional<std::vector<mcp::ParamHeader>>> fresh_headers(std::string const& tool);
  base::Task<void> adopt_own_session(std::string id);
  base::Task<base::Result<net::HttpReply>> post_listen(std::string params, std::uint64_t id);
  base::Task<base::Result<net::HttpReply>> open_listening();
  base::Task<base::Result<net::HttpReply>> get_events(std::string const& head, ShownFor whom);
  base::Task<void> listen_loop();
  base::Task<void> probe_again_loop();
  base::Task<bool> found_to_be(NextStep::Kind verdict);
  base::Task<void> look_again(NextStep::Kind verdict);
  // What was answered to a request of one era; it may be a reason to ask which one the server is of.
  void doubt_era(bool modern);
  void weigh(bool modern, int status, base::Result<core::Outcome>& answer);
  void retire_older();
  void missed();
  // `reply` must outlive the task; an event stream that goes on after the answer is moved out of it.
  base::Task<base::Result<core::Outcome>> read_answer(core::Call& call, Dialect const& dialect,
                                                      net::HttpReply& reply, std::uint64_t id);
  base::Task<base::Result<core::Outcome>> read_json(core::Call& call, Dialect const& dialect,
                                                    net::HttpReply& reply, std::uint64_t id);
  base::Task<base::Result<core::Outcome>> read_events(core::Call& call, Dialect const& dialect,
                                                      net::HttpReply& reply, std::uint64_t id);
  struct StreamPlace {  // how far an event stream of a legacy server was read
    std::string event;
    std::uint32_t retry_ms = 1000;
  };
  base::Task<bool> resume(core::Call& call, Dialect const& dialect, net::HttpReply& reply,
                          StreamPlace& place);
  base::Task<void> ask_client(core::Call& call, mcp::Message request, std::string session);
  void answer_server(mcp::Message const& request, std::string session);
  std::string session_of(core::Call const& call) const;
  struct EventStep {                       // none: more bytes are needed
    std::optional<std::string> note;       // for the client
    std::optional<mcp::Message> question;  // of the server
    std::optional<base::Result<core::Outcome>> answer;
  };
  EventStep next_step(core::Call& call, Dialect const& dialect, net::HttpReply& reply, NoteRelay& relay,
                      std::uint64_t id);
  std::optional<std::string> shown_note(core::Call& call, mcp::Message const& note, NoteRelay& relay,
                                        std::uint64_t id);
  base::Task<void> finish_stream(net::HttpReply reply);
  base::Result<core::Outcome> take_answer(core::Call const& call, Dialect const& dialect,
                                          mcp::Message message, std::uint64_t id) const;
  base::Result<std::shared_ptr<Dialect const>> dialect_for(core::Call const& call) const;
  base::Task<LegacySide> legacy_side();
  base::Task<void> ask_legacy_side();
  base::Task<base::Result<core::Outcome>> handle_after_asking(core::Call& call);
  base::Task<base::Result<core::Outcome>> handle_as_known(core::Call& call);
  // Whether there is TLS at the port of an http:// url: such ports close a connection without it, answer 400,
  // or send a TLS alert.
  base::Task<bool> speaks_tls();
  base::Task<NextStep> why_lost(HttpDiscovery const& discovery, base::Error error);
  base::Error refused(net::ReplyHead const& head) const;
  base::Error about(base::Error error) const;
  void noticed(mcp::Message const& note);
  void failed(base::Error const& error);
  template <typename T>
  void contact(base::Result<T> const& reply) {
    contact(reply ? nullptr : &reply.error());
  }
  void contact(base::Error const* lost);  // null: it has answered, whatever it said

  base::Scheduler& scheduler_;
  net::Dialer& dialer_;
  base::Random& random_;
  core::BackendObserver& observer_;
  core::ResourceObserver* resources_ = nullptr;
  HttpBackendOptions options_;
  std::uint64_t edition_ = 1;  // of the credential in the heads
  std::shared_ptr<HttpHeads const> heads_;
  net::HttpClient client_;
  std::shared_ptr<Dialect const> modern_;   // null while the server does not speak it, as far as is known
  std::shared_ptr<Dialect const> legacy_;   // calls in flight hold on to theirs
  std::shared_ptr<core::Backend> older_;    // set once the server turned out to speak HTTP+SSE only
  std::shared_ptr<core::Backend> retired_;  // was `older_`: its last calls may still run
  bool outgrown_ = false;                   // … because the server has become a modern one
  int post_status_ = 0;                     // which made us try HTTP+SSE
  core::ServerStatus status_;
  bool logs_ = false;              // a legacy server that takes log levels
  bool unreachable_ = false;       // the last connect failed
  base::TimePoint headers_again_;  // not before this is a tool list read for the headers of one call
  std::uint64_t next_id_ = 1;
  std::size_t calls_ = 0;  // in flight
  std::size_t session_streams_ = 0;
  base::Event calls_over_;
  base::Semaphore replies_;  // places for replies to requests of the server
  std::uint64_t reinitialised_ = 0;
  mcp::Revision legacy_offer_ = mcp::kNewestLegacy;  // to a modern server, for its legacy side
  base::Event legacy_asked_;                         // since the last discovery
  bool asking_legacy_ = false;
  EraDoubt era_doubt_;
  std::shared_ptr<Session> own_session_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;  // by session_key()
  base::TaskGroup listening_;
  base::TaskGroup background_;
  base::TaskGroup looking_;  // last: cancelled first, because what it leaves behind is ended in background_
};

}  // namespace weir::upstream
