// HttpClient: requests to one origin over a pool of keep-alive connections.
//
// One per upstream and worker. A connection returns to the pool only when its framing is beyond doubt: the
// answer was complete, nothing followed it, and the peer did not ask to close. An idle connection is watched:
// one that the peer closed, or that says something unasked, is dropped before it is used again; one that is
// older than the peer said or was seen to keep them (IdleLimit) is kept to be watched, not to be used.
// Cancelling an exchange (destroying its task or its Reply) closes that connection, which is how an HTTP/1.1
// upstream learns of it. Errors: connect_failed (nothing sent, or nothing taken because the peer wants
// another certificate of ours), connection_lost and protocol (sent, no usable answer: the peer may have
// executed it), timed_out, too_large.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "net/dialer.hpp"
#include "net/http_head.hpp"
#include "net/http_limits.hpp"
#include "net/idle_limit.hpp"
#include "net/sse.hpp"

namespace weir::net {

struct ClientOptions {
  HttpLimits limits{.body_bytes_max = 16 * 1024 * 1024};
  std::size_t in_use_max = 512;  // connections at work, per origin and worker; more requests wait
  std::size_t idle_max = 128;    // kept open without work
  base::Duration idle_for_max = std::chrono::seconds{30};  // shortened by the peer's Keep-Alive: timeout
  base::Duration connect_max = std::chrono::seconds{5};
  base::Duration write_stall_max = std::chrono::seconds{30};
  unsigned interim_max = 16;  // 1xx answers before the final one
  std::size_t event_bytes_max = 16 * 1024 * 1024;
  bool passes_over_long_events = false;       // and says so; else a longer one is the end of its stream
  std::vector<std::string_view> fields_kept;  // constants: names of answer fields that callers will ask for
};

class ClientConnection;
class HttpClient;

// Returns its connection to the pool, or closes it.
class ConnectionLease {
 public:
  ConnectionLease() noexcept;
  ConnectionLease(HttpClient& client, std::unique_ptr<ClientConnection> connection) noexcept;
  ConnectionLease(ConnectionLease&& other) noexcept;
  ConnectionLease& operator=(ConnectionLease&& other) noexcept;
  ~ConnectionLease();
  ClientConnection* operator->() const noexcept { return connection_.get(); }
  explicit operator bool() const noexcept { return connection_ != nullptr; }

 private:
  HttpClient* client_ = nullptr;
  std::unique_ptr<ClientConnection> connection_;
};

// The head of an answer, as far as callers need it: copied out of scratch.
struct ReplyHead {
  int status = 0;
  std::string content_type;  // lower case, without parameters
  std::vector<std::pair<std::string_view, std::string>>
      fields;  // those of ClientOptions::fields_kept that came; challenges as one list
  std::optional<base::Duration> retry_after;  // see net/retry_after.hpp

  std::string_view field(std::string_view name) const noexcept;  // "" when absent
};

class HttpReply {
 public:
  ReplyHead head;
  bool event_stream() const noexcept { return head.content_type == "text/event-stream"; }

  // The whole body (not for event streams). Call once.
  base::Task<base::Result<std::string>> body();
  // The same, if it all came with the head; otherwise await body().
  std::optional<std::string> body_now();
  // The next event with non-empty data; nothing when the stream ended properly. A stream that breaks off
  // before its end is connection_lost.
  struct Event {
    std::string type;
    std::string data;
    bool over_long = false;  // passed over: there is no data; see ends_of_event()
  };
  base::Task<base::Result<std::optional<Event>>> next_event();
  // The same without a coroutine. Nothing: await stream().readable(), or, if it had_turn() because the server
  // never pauses, let the others go first.
  std::optional<base::Result<std::optional<Event>>> event_now();
  bool had_turn() const noexcept;
  Stream& stream() const noexcept;
  std::string_view last_event_id() const noexcept;
  std::optional<std::uint32_t> retry_ms() const noexcept;
  SseParser::Ends ends_of_event() const noexcept;  // of the one given last, if it was over-long

 private:
  friend class HttpClient;
  ConnectionLease connection_;
};

class HttpClient {
 public:
  HttpClient(base::Scheduler& scheduler, Dialer& dialer, Endpoint to, ClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient const&) = delete;
  HttpClient& operator=(HttpClient const&) = delete;

  // `head` and `body` are the request as it goes out: a complete head with its empty line, then its body. The
  // head may go on in `body`, so that its fixed part is sent from where it is kept. Both must outlive the
  // task. Resumes when the answer's head is here. The caller bounds the whole by a deadline (run_until).
  base::Task<base::Result<HttpReply>> exchange(std::string_view head, std::span<iovec const> body);

  std::size_t idle_connections() const noexcept { return idle_.size(); }
  void close_idle() noexcept;

 private:
  friend class ConnectionLease;
  std::optional<ConnectionLease> lease_now();
  base::Task<base::Result<ConnectionLease>> acquire();
  base::Task<base::Result<HttpReply>> dial_and_converse(std::string_view head, std::span<iovec const> body);
  base::Task<base::Result<HttpReply>> converse(ConnectionLease lease, std::string_view head,
                                               std::span<iovec const> body);
  std::unique_ptr<ClientConnection> take_idle();
  void give_back(std::unique_ptr<ClientConnection> connection) noexcept;
  void drop_stale() noexcept;
  base::Task<void> sweep_idle();

  base::Scheduler& scheduler_;
  Dialer& dialer_;
  Endpoint to_;
  ClientOptions options_;
  std::vector<std::unique_ptr<ClientConnection>> idle_;  // the most recently used last
  IdleLimit idle_limit_;
  base::Semaphore places_;
  base::TaskGroup sweeper_;
};

}  // namespace weir::net
