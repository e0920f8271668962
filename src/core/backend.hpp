// Backend: one configured server as the router sees it. The far rim (upstream) implements it.
//
// One per server and worker; it is a Handler whose calls already carry the upstream's own names. Besides
// calls it answers what the catalogue needs and reports changes. Destroying it ends its connections and
// children.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::core {

enum class ServerState { starting, ready, failed, stopped };

// A copy for status, the start-up table and readiness.
struct ServerStatus {
  ServerState state = ServerState::starting;
  std::string era;        // "2026-07-28", "2025-11-25", … or "" while unknown
  std::string transport;  // "stdio", "http", "sse"
  std::string cause;      // one line: why it is not ready
  std::string cure =
      {};  // what somebody has to do at the gateway about it, for callers; "": nothing is known
  std::string last_stderr;  // last lines of a child's stderr, newest last; empty for HTTP
  base::Duration start_took{};
  long restarts = 0;
  base::Duration again_in{};  // after a failure, until it is tried again; zero: not known, or when asked
  int pid = 0;                // of its program, where that is a child of the gateway and runs
};

// What a server said of itself at discovery or initialize; JSON kept as received.
struct ServerIdentity {
  mcp::Revision revision{};
  std::string capabilities;  // JSON object
  std::string server_info;   // JSON object, or ""
  std::string instructions;  // decoded text
  bool modern() const noexcept { return revision >= mcp::Revision::r2026_07_28; }
};

// Told by a backend, on its own worker, what its server says of single resources.
class ResourceObserver {
 public:
  virtual ~ResourceObserver() = default;
  virtual void resource_updated(std::string_view uri) = 0;
  // The same, with what else was said of it: `more` as core::said_besides() gives it.
  virtual void resource_updated_with(std::string_view uri, std::string_view more) {
    static_cast<void>(more);
    resource_updated(uri);
  }
  // The server may have said something that nobody heard, and may know of no subscription any more.
  virtual void resources_missed() = 0;
};

class Backend : public Handler {
 public:
  virtual std::string_view name() const noexcept = 0;
  // Connects (or starts the child), finds the era and says who it is. Called again after a failure.
  virtual base::Task<base::Result<ServerIdentity>> open() = 0;
  // One request of the gateway's own, e.g. tools/list with {"cursor":…}: `params` is a JSON object without
  // _meta.
  virtual base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) = 0;
  virtual ServerStatus status() const = 0;
  // Whether this call and the server are of different eras, so that questions in the middle of it need a
  // bridge; also true while the server's era is unknown.
  virtual bool translates(Call const& call) const noexcept {
    static_cast<void>(call);
    return false;
  }
  // Whether it takes subscriptions/listen from us; else resources/subscribe, with ask(). May change.
  virtual bool listens() const noexcept { return false; }
  // A subscriptions/listen of the gateway's own: each notification of it goes to `told`, the acknowledgement
  // first. Ends with its result, or the error that ended it; dropping the task ends it upstream.
  virtual base::Task<base::Result<void>> listen(std::string params,
                                                std::function<void(mcp::Message const&)> told);
  // Who is told what comes without such a subscription; outlives the backend or is taken back with null.
  virtual void hear(ResourceObserver* observer) { static_cast<void>(observer); }
  // A legacy client's session is over: what was opened upstream on its behalf is to be ended (F-20).
  virtual void session_ended(std::string_view session_id) { static_cast<void>(session_id); }
  // The credential has changed where it is kept: copies of the one before are let go, also by what is not in
  // use.
  virtual void credential_changed() {}
  // How many addresses get its calls at present; below 2 there is nowhere else to send a copy of a call.
  virtual unsigned endpoints() const noexcept { return 1; }
  // Orderly end: sessions deleted, child's stdin closed and waited for. At most until `deadline`.
  virtual base::Task<void> close(base::TimePoint deadline) = 0;
};

// Told by a backend, on its own worker, when a list may have changed or the server's state did.
class BackendObserver {
 public:
  virtual ~BackendObserver() = default;
  virtual void list_changed(std::string_view server, mcp::Method list) = 0;
  virtual void state_changed(std::string_view server) = 0;
  // A legacy server has become a modern one: open() will say so. It can be used meanwhile.
  virtual void era_changed(std::string_view server) { static_cast<void>(server); }
};

}  // namespace weir::core
