// HttpSink: turns an HTTP answer into an event stream with the first notification, and sends each as it
// comes.
//
// Lives in the frame of the request it serves. notify() returns when the client has taken the bytes.
#pragma once

#include <array>
#include <string>

#include "edge/asking_sink.hpp"
#include "net/http_server.hpp"
#include "net/sse.hpp"
#include "observe/metrics.hpp"

namespace weir::edge {

// The header fields of every answer to a call: complete lines.
std::string fields_for(std::string_view request_id);

class HttpSink final : public AskingSink {
 public:
  // `request_id`, for the stream's head, must outlive the sink.
  HttpSink(Parts parts, core::Call& call, net::HttpExchange& exchange, std::string_view request_id,
           observe::Gauge streams)
      : AskingSink(parts, call),
        exchange_(exchange),
        request_id_(request_id),
        streams_(streams),
        turn_(parts.scheduler, 1),
        left_(parts.scheduler) {}
  ~HttpSink() override {
    if (counted_) streams_.add(-1);
  }

  base::Task<bool> notify(std::string notification) override;
  void keep_alive();  // between events, while nothing waits for the client; does not suspend
  // Nobody reads any more: what comes is dropped (a legacy call goes on without its client).
  void detach() noexcept { left_.set(); }
  bool attached() const noexcept { return !left_.is_set(); }

 private:
  void tell_now(std::string notification) override;
  base::Event& client_left() noexcept override { return left_; }

  net::HttpExchange& exchange_;
  std::string_view request_id_;
  observe::Gauge streams_;  // open ones
  bool counted_ = false;
  base::Semaphore turn_;  // a call may say several things at the same time
  base::Event left_;
};

}  // namespace weir::edge
