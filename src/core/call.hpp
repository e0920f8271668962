// Call, Outcome, Handler: the vocabulary that every layer speaks.
//
// A Call is one client request on its way inward. It lives in the edge's frame until its answer is written;
// layers borrow it. What comes before the final answer (progress, log messages) goes through ClientSink; the
// final answer is the return value, so no layer needs to know about SSE or JSON. Cancelling is destroying the
// task that handles it. One worker thread. Inner protocol: revision 2026-07-28; older revisions are
// translated at the rims.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/frame_pool.hpp"
#include "base/gate.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "core/access_rules.hpp"
#include "core/client_inbox.hpp"
#include "core/principal.hpp"
#include "core/tenure.hpp"
#include "mcp/log_level.hpp"
#include "mcp/message.hpp"
#include "mcp/method.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/revision.hpp"
#include "mcp/splice.hpp"

namespace weir::core {

// Takes what the client should see before the final answer. `notification` is one JSON-RPC message, ready to
// send: ids and tokens are already the client's. Awaiting it is back-pressure: it returns when the client (or
// a bounded buffer) has taken the bytes. False: nobody listens any more.
class ClientSink {
 public:
  virtual ~ClientSink() = default;
  virtual base::Task<bool> notify(std::string notification) = 0;

  // Asks a legacy client what a server wants to know: elicitation/create, sampling/createMessage, roots/list.
  // `params` is a JSON object or "". The sink chooses the id, sends the request where the client expects it
  // and returns the response, result or error, as received. Errors: unsupported (this client cannot be
  // asked), connection_lost, timed_out. Destroying the task withdraws the question.
  virtual base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params);
};

// The legacy session a call belongs to: what the client said in `initialize`, shared by all its calls.
// Immutable after the handshake but for the log level, so it may be read from any worker.
struct ClientSession {
  static constexpr unsigned kWatchesMax = 1000;

  std::string id;            // secret-like: never logged whole
  std::string endpoint;      // where it was opened: it is known at no other
  std::string capabilities;  // JSON object as the client sent it
  std::string client_info;   // JSON object as the client sent it
  mcp::Revision revision{};
  std::weak_ptr<ClientInbox> inbox;  // for what belongs to no call; gone with the session
  // Severity that logging/setLevel asked for; below 0 while it has not.
  std::shared_ptr<std::atomic<int>> log_floor = std::make_shared<std::atomic<int>>(-1);

  std::shared_ptr<base::Gate> watches = std::make_shared<base::Gate>(kWatchesMax);  // of single resources

  std::string_view log_level() const noexcept {
    int const floor = log_floor->load(std::memory_order_relaxed);
    return floor < 0 ? std::string_view() : mcp::kLogLevels[static_cast<std::size_t>(floor)];
  }
};

enum class CacheUse : std::uint8_t {
  none,    // the call is not one that is cached
  hit,     // answered by a fresh copy
  stale,   // answered by a copy whose time is over
  miss,    // nothing usable was kept
  bypass,  // the client wanted none
};

// Where an answer came from, for headers, metrics and the access line.
struct CacheFacts {
  CacheUse use = CacheUse::none;
  std::string_view tier;  // hit, stale: "memory" or "store"
  bool joined = false;    // miss: shared the fetch of another call
  bool stored = false;    // miss: the answer is kept
  base::Duration age{};   // since it was fetched
  base::Duration left{};  // of its freshness; negative when it is stale
};

// What a call was answered with after its server had failed.
enum class Substitute : std::uint8_t {
  none,      // nothing failed, or nothing could stand in
  stale,     // a copy whose time is over, or that was invalidated
  server,    // an equivalent operation of another server
  backup,    // a file of the operator's backup folder
  standard,  // the operator's default document, or a text that says that this is none
};

struct DegradedFacts {
  Substitute by = Substitute::none;
  std::string_view reason;  // base::name_of the failure; static
  base::Duration age{};     // of a copy or a file, where known
  std::string server;       // Substitute::server: the other one's name
};

// What the caller's own rate allows after this call, for the RateLimit headers. No quota: no such rate.
struct RateFacts {
  std::uint32_t quota = 0;      // calls in a row
  std::uint32_t remaining = 0;  // of them
  base::Duration full_in{};     // until all of them are there again
  base::Duration window{};      // how long that takes when none is left
};

// What a call learned on its way, for the access line, metrics and Server-Timing.
struct CallFacts {
  std::string_view server;    // configured name; lives as long as the pipeline that served the call
  std::string tool;           // name as the upstream knows it; empty for methods without one
  base::Duration upstream{};  // time spent waiting for the upstream
  CacheFacts cache;
  DegradedFacts degraded;
  RateFacts rate;
  std::vector<std::string> scopes_needed;  // for want of which the call was refused
  struct {                                 // what the gateway shows the server, where it is not at hand
    bool awaited = false;                  // just now: no time of the server's
    base::Duration took{};                 // before that
  } credential;

  void add(CallFacts const& of_copy) noexcept {  // of a copy that worked in this call's place
    upstream += of_copy.upstream;
    if (of_copy.cache.use != CacheUse::none) cache = of_copy.cache;
  }
};

struct CallFields {  // all of a call but its message: what a copy of it for another worker takes over
  mcp::Method method{};
  mcp::Revision revision{};
  bool revision_stated = true;           // false: a legacy request without version header, the session knows
  Principal const* principal = nullptr;  // never null
  std::shared_ptr<AccessRules const> access;  // what it may use, where the call came in; null: everything
  std::string session_id;                     // legacy over HTTP: as the client sent it; set by `initialize`
  std::shared_ptr<ClientSession const> session;  // legacy only, set by the session layer
  bool legacy_offered = true;                    // where it came in, legacy revisions are spoken too
  bool http = true;                              // came over HTTP: headers are checked against the body
  std::vector<std::pair<std::string, std::string>>
      param_headers;  // Mcp-Param-*, suffix and value as received
  base::TimePoint started;
  base::TimePoint deadline;  // moved forward by progress, never beyond deadline_latest
  base::TimePoint deadline_latest;
  base::Duration extend_by{};  // how far one progress notification moves it; 0: nobody has set its time yet
  base::Duration attempt_most{};  // of one attempt at the server while it shows no progress; 0: none
  struct {                        // what Parked (parked.hpp) keeps while the client is asked
    unsigned questions = 0;
    base::TimePoint since{}, deadline{}, deadline_latest{};
    base::Duration stood{};  // before that
  } parked;
  std::string_view endpoint;            // "" for /mcp (all servers), else the one server's name
  std::string target;                   // set by the router: the name or uri as the upstream knows it
  std::shared_ptr<void const> catalog;  // set by the router: facts.server and mirrored point into it
  // Set by the router: why its server is not asked. Only what stands in for that one may answer; null: it is.
  std::shared_ptr<base::Error const> given_up;
  std::vector<mcp::ParamHeader> const* mirrored =
      nullptr;                   // set by the router: arguments that go into headers
  bool wraps_output = false;     // set by the router: legacy clients see this tool's output as {"result":…}
  bool says_read_only = false;   // set by the router: the tool's annotations
  bool says_writes = false;      // set by the router: its annotations say so explicitly
  bool says_idempotent = false;  // set by the router: likewise
  bool answers_failure = false;  // stands in for another server's answer: nothing stands in for this one
  bool cacheable = false;        // set by the cache: its answer may be used again, so it only reads
  bool updates = false;          // set by the cache: it may change what other calls answer
  bool copy_wanted = false;      // after a failure, CopyShelf will be asked
  bool fresh_only = false;       // the client wants no copy
  std::shared_ptr<void const> cache_order;  // set by the cache for its own layer at the server's home
  std::string traceparent;                  // of our own span, for the server; "" where the client sent none
  std::string tracestate;                   // goes with it, as received
  std::string idempotency_key;              // as the client sent it; "" for none
  bool background = false;                  // nobody waits for it: the first to go when not all can be served
  bool structured_output = false;           // set by the router: the tool promises output of a schema
  ClientSink* client = nullptr;             // never null
  Tenure* tenure = nullptr;  // for those that last, on the worker where they came in; null: none
  CallFacts facts;
};

struct Call : CallFields {
  explicit Call(mcp::Message message) noexcept : request(std::move(message)) { method = request.method(); }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;
  static void* operator new(std::size_t size) { return base::frame_allocate(size); }
  static void operator delete(void* call, std::size_t size) noexcept { base::frame_release(call, size); }

  mcp::Message request;  // the received bytes and their index

  bool modern() const noexcept { return revision >= mcp::Revision::r2026_07_28; }
  void progressed(base::TimePoint now) noexcept {
    auto const moved = now + extend_by < deadline_latest ? now + extend_by : deadline_latest;
    if (moved > deadline) deadline = moved;
  }
};

// Adds the time of its life to what the call spent waiting for its server, however that ends: answer, failure
// or cancellation. The call outlives it.
class UpstreamTime {
 public:
  UpstreamTime(Call& call, base::Clock const& clock) noexcept
      : facts_(call.facts), clock_(clock), begun_(clock.exact()) {}
  UpstreamTime(UpstreamTime const&) = delete;
  UpstreamTime& operator=(UpstreamTime const&) = delete;
  ~UpstreamTime() { facts_.upstream += clock_.exact() - begun_; }

 private:
  CallFacts& facts_;
  base::Clock const& clock_;
  base::TimePoint begun_;
};

// The final answer: one JSON-RPC result or error, as the bytes that came from upstream (or were made here)
// with edits still to be applied. Its `id` is not the client's: the edge splices that in. The edits borrow
// constants at most, nothing of a call or a server: an outcome may go to another thread.
struct Outcome {
  mcp::Message message;
  mcp::Splice edits;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual base::Task<base::Result<Outcome>> handle(Call& call) = 0;
};

}  // namespace weir::core
