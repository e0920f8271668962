// HttpSink: turns an HTTP answer into an event stream with the first notification, and sends each as it
// comes.
//
// Lives in the frame of the request it serves. notify() returns when the client has taken the bytes.
#pragma once

#include <array>
#include <string>

#include "core/call.hpp"
#include "net/http_server.hpp"
#include "net/sse.hpp"

namespace weir::edge {

class HttpSink final : public core::ClientSink {
 public:
  // `fields`: complete header lines for the stream's head.
  HttpSink(net::HttpExchange& exchange, std::string fields)
      : exchange_(exchange), fields_(std::move(fields)) {}

  base::Task<bool> notify(std::string notification) override;
  void keep_alive();  // between events, while nothing waits for the client; does not suspend
  // Nobody reads any more: what comes is dropped (a legacy call goes on without its client).
  void detach() noexcept { attached_ = false; }
  bool attached() const noexcept { return attached_; }

 private:
  net::HttpExchange& exchange_;
  std::string fields_;
  bool attached_ = true;
};

}  // namespace weir::edge
