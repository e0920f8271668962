// FullHouse: answers clients for whose connection there is no place: 503, come back in a second.
//
// One per worker, for connections over the cap. Knows nothing of the request but that it is one; each
// connection gets one answer and is closed, and has options() times for that, shorter than others have.
#pragma once

#include "net/http_server.hpp"

namespace weir::edge {

class FullHouse final : public net::HttpHandler {
 public:
  static net::ServerOptions options();
  base::Task<void> serve(net::HttpExchange& exchange) override;
  void refused(int, std::string_view) override {}  // whoever turns a connection away counts it
};

}  // namespace weir::edge
