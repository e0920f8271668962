// Batch: the messages of one array, its requests at work at the same time (revision 2025-03-26, P023).
//
// Lives in the frame of the HTTP request that brought them; one worker. Messages are taken in their order;
// each request is a call like any other: gate, deadline, metrics, `cancelled`. The answers are one array;
// once a call says something before its answer, or the array would grow beyond kHeldBytesMax, they are events
// of one stream instead, which each client that may send a batch takes. A cancelled request has no answer.
// The client that hangs up cancels nothing (P043). Limits: mcp::Limits::batch_max messages; answers that are
// held until the last one is there, kHeldBytesMax.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "edge/http_sink.hpp"
#include "edge/mcp_endpoint.hpp"

namespace weir::edge {

class Batch {
 public:
  static constexpr std::size_t kHeldBytesMax = 1024 * 1024;
  struct Item {
    std::unique_ptr<core::Call> call;  // or a notification or response, to be noted
    std::string request_id;            // for log and headers
  };

  // `items` is not empty; `answers`: what is answered already, complete JSON-RPC messages. The rest is
  // borrowed.
  Batch(EndpointParts const& parts, EndpointRules const& rules, net::HttpExchange& exchange,
        std::vector<Item> items, std::vector<std::string> answers);

  base::Task<void> run();

  // One array of them, or 202 if there is none.
  static void reply(net::HttpExchange& exchange, std::vector<std::string> const& answers,
                    std::string_view fields);

 private:
  class Sink;
  base::Task<void> serve(Item& item);
  base::Task<void> deliver(std::string json);
  base::Task<void> wait();

  EndpointParts const& parts_;
  EndpointRules const& rules_;
  net::HttpExchange& exchange_;
  std::vector<Item> items_;
  std::vector<std::string> answers_;
  std::size_t held_ = 0;  // bytes of the answers of calls among them
  HttpSink stream_;
  base::TaskGroup calls_;
};

}  // namespace weir::edge
