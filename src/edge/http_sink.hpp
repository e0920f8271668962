// HttpSink: turns an HTTP answer into an event stream with the first notification, and sends each as it
// comes.
//
// Lives in the frame of the request it serves. notify() returns when the client has taken the bytes. For a
// legacy call each event has an id and goes into the session's outbox too: when the client leaves, or reads
// the stream on by GET, the call runs on into it.
#pragma once

#include <array>
#include <string>

#include "edge/asking_sink.hpp"
#include "edge/call_meter.hpp"
#include "edge/stream_rules.hpp"
#include "net/http_server.hpp"
#include "net/sse.hpp"
#include "session/peer_progress.hpp"

namespace weir::edge {

// The header fields of every answer to a call: complete lines.
std::string fields_for(std::string_view request_id);
std::string request_id_field(std::string_view request_id);

class HttpSink final : public AskingSink {
 public:
  // `request_id`, for the stream's head, and `rules` must outlive the sink.
  HttpSink(Parts parts, core::Call& call, net::HttpExchange& exchange, CallMeter const& meter,
           StreamRules const& rules, std::string_view request_id)
      : AskingSink(parts, call),
        meter_(meter),
        rules_(rules),
        exchange_(exchange),
        request_id_(request_id),
        turn_(parts.scheduler, 1),
        left_(parts.scheduler),
        lost_(parts.scheduler) {}

  ~HttpSink() override;

  base::Task<bool> notify(std::string notification) override;
  // The last event, with the answer, for a stream that has begun; to be sent while attached().
  std::string final_event(std::string json);
  void keep_alive();  // or, when the stream is stale or somebody else's, its end; does not suspend
  // Nobody reads any more: what comes is dropped (a legacy call goes on without its client).
  void detach() noexcept;
  bool attached() const noexcept { return !left_.is_set(); }
  void tell_now(std::string notification) override;
  base::Event& client_left() noexcept override { return lost_; }

 private:
  void begin();
  // The lines before an event's own: its id. Nothing: the event is for somebody else.
  std::optional<std::string> keep(std::string const& json);

  CallMeter const& meter_;
  StreamRules const& rules_;
  net::HttpExchange& exchange_;
  std::string_view request_id_;
  std::shared_ptr<session::Outbox> outbox_;  // legacy, once the stream has begun
  session::Outbox::Reading stream_;          // once it has begun
  std::optional<session::PeerProgress> peer_;
  base::Semaphore turn_;  // a call may say several things at the same time
  base::Event left_;
  base::Event lost_;  // left, and cannot come back for the stream
};

}  // namespace weir::edge
