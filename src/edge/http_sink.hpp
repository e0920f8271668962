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

namespace weir::edge {

class HttpSink final : public AskingSink {
 public:
  // `fields`: complete header lines for the stream's head.
  HttpSink(Parts parts, core::Call& call, net::HttpExchange& exchange, std::string fields)
      : AskingSink(parts, call),
        exchange_(exchange),
        fields_(std::move(fields)),
        turn_(parts.scheduler, 1),
        left_(parts.scheduler) {}

  base::Task<bool> notify(std::string notification) override;
  void keep_alive();  // between events, while nothing waits for the client; does not suspend
  // Nobody reads any more: what comes is dropped (a legacy call goes on without its client).
  void detach() noexcept { left_.set(); }
  bool attached() const noexcept { return !left_.is_set(); }

 private:
  void tell_now(std::string notification) override;
  base::Event& client_left() noexcept override { return left_; }

  net::HttpExchange& exchange_;
  std::string fields_;
  base::Semaphore turn_;  // a call may say several things at the same time
  base::Event left_;
};

}  // namespace weir::edge
