// HttpConnection and HttpHandler: one client connection of our HTTP/1.1 server, request after request.
//
// serve_connection() reads a head, calls the handler, writes what it replied, and goes on until either side
// closes. One worker thread; the connection owns the stream, the handler outlives all connections. An idle
// connection owns no buffer: bytes are read into the thread's scratch and only what is unfinished is kept.
// Bounds: HttpLimits, and the times in ServerTimes; a client that is slower than those is cut off.
// A request is answered exactly once; a handler that returns without reply() is a bug.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/http_head.hpp"
#include "net/http_limits.hpp"
#include "net/stream.hpp"

namespace weir::net {

struct ServerTimes {
  base::Duration head_max = std::chrono::seconds{10};   // from the first byte of a head to its end
  base::Duration idle_max = std::chrono::seconds{60};   // between requests
  base::Duration body_grace = std::chrono::seconds{5};  // then body_bytes_per_second_min applies
  std::uint64_t body_bytes_per_second_min = 1024;
  base::Duration write_stall_max = std::chrono::seconds{30};  // the client takes nothing for so long
  base::Duration linger_max = std::chrono::seconds{2};  // after a refusal: let the client send on and read it
  std::size_t linger_bytes_max = 16 * 1024 * 1024;
};

struct ServerOptions {
  HttpLimits limits;
  ServerTimes times;
  int pipelined_max =
      100;  // requests answered from bytes that arrived in advance, then the connection closes
  std::size_t ahead_bytes_max = 64 * 1024;  // of later requests, kept while one is at work
};

class HttpConnection;

// What a handler may do with one request. Lives in the connection; do not keep it.
class HttpExchange {
 public:
  explicit HttpExchange(HttpConnection& connection) noexcept : connection_(connection) {}

  // Views into scratch: valid until the handler first suspends; read_body() makes them valid again.
  RequestHead const& head() const noexcept;
  // Around a suspension before the body is read: the first before it, the second after it.
  void hold_head();
  void resume_head();

  // The body, if all of it has already arrived (the usual case); otherwise await read_body().
  std::optional<std::string> body_now();
  // Errors: too_large (413), timed_out (408), connection_lost, invalid_input (400).
  base::Task<base::Result<std::string>> read_body();

  // Complete "Name: value\r\n" lines for whatever this request is answered with.
  void add_fields(std::string_view fields);

  // The whole answer. `fields` are complete "Name: value\r\n" lines. Never suspends: what the socket does not
  // take at once is kept and sent after the handler returned.
  void reply(int status, std::string_view content_type, std::string_view fields, std::span<iovec const> body);
  void reply_text(int status, std::string_view fields, std::string_view text);
  void close_after() noexcept;  // no further request on this connection

  // A streamed answer (200, text/event-stream): begin, then any number of sends, then end. send() suspends
  // while the client does not read; false means that the client has gone or stalled beyond write_stall_max.
  void begin_stream(std::string_view fields);
  base::Task<bool> send(std::span<iovec const> chunk);
  void send_now(
      std::span<iovec const> chunk);  // keeps what the client does not take; the next send() goes on with it
  void end_stream();
  bool streaming() const noexcept;
  int refusal_status() const noexcept;  // why read_body() failed, where framing was the cause; else 0
  bool flushed() const noexcept;        // the client has taken everything so far

  // For run_until(): set when the client hangs up *or* sends more. Then ask client_gone(), and wait again if
  // not. Null when there is nothing to watch (ahead_bytes_max of later requests are already here).
  base::Event* watch();
  bool client_gone();
  // The client has gone, the work goes on: frees the socket now. What is replied later is dropped.
  void abandon() noexcept;

  PeerCertificate const* certificate() const noexcept;  // that the client has proved by TLS; null: none

  std::uint64_t bytes_out() const noexcept;
  std::uint64_t under_way() const noexcept;  // … of which the client's side has not acknowledged so many

 private:
  HttpConnection& connection_;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual base::Task<void> serve(HttpExchange& exchange) = 0;
  // A request that was refused before it reached serve(): for counters.
  virtual void refused(int status, std::string_view reason) = 0;
  // True: requests that announce a longer body than limits.body_bytes_max reach serve() too, which refuses
  // them in its own words; read_body() fails for them. Else they are refused before, with text.
  virtual bool judges_length() const noexcept { return false; }
};

// `stopping` may become true at any time: after the request in progress the connection closes.
base::Task<void> serve_connection(base::Scheduler& scheduler, std::unique_ptr<Stream> stream,
                                  HttpHandler& handler, ServerOptions const& options, bool const& stopping);

}  // namespace weir::net
