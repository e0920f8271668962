#include "edge/full_house.hpp"

namespace weir::edge {

net::ServerOptions FullHouse::options() {
  net::ServerOptions options;
  options.times.head_max = options.times.idle_max = options.times.linger_max = std::chrono::seconds{2};
  options.times.write_stall_max = std::chrono::seconds{2};
  options.times.linger_bytes_max = 64 * 1024;
  return options;
}

base::Task<void> FullHouse::serve(net::HttpExchange& exchange) {
  exchange.close_after();
  exchange.reply_text(503, "Retry-After: 1\r\n", "Too many connections; try again in a second.");
  co_return;
}

}  // namespace weir::edge
