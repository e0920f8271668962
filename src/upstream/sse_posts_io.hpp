// SsePosts: the messages to an HTTP+SSE server, each in a POST of its own (2024-11-05).
//
// One per stream, on its thread. A request has one of kPlaces until its POST is answered, its answer has come
// over the stream, its call has ended (notifications/cancelled says so) or kPostMax is over. Without a place
// it waits; then the end of its call means that neither it nor the notification is sent. kWaitingMax bytes of
// requests wait at most, or a single one; more are busy. notifications/initialized is sent in order: what
// follows waits for its POST, kOtherMax at most. All else (notifications, answers to the server, requests
// whose answer came before that to their POST) needs no place and holds up nobody: kOthersMost of those
// POSTs, each given up after kOtherMax; the oldest one earlier, where there would be more. A POST is given up
// by closing its connection. Errors go to `refused`: those of sse_verdict, and busy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/intrusive_list.hpp"
#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "mcp/message.hpp"
#include "net/http_client.hpp"

namespace weir::upstream {

class SsePosts {
 public:
  static constexpr std::size_t kPlaces = 64;
  static constexpr base::Duration kPostMax = std::chrono::seconds{30};
  static constexpr std::size_t kWaitingMax = 8 * 1024 * 1024;
  static constexpr std::size_t kOthersMost = 64;
  static constexpr base::Duration kOtherMax = std::chrono::seconds{2};

  using Exchange = base::Task<base::Result<net::HttpReply>>;
  struct Ways {  // not called any more once this is destroyed; may not destroy it
    std::function<Exchange(std::string fields, std::string_view body)> post;  // `body` outlives the task
    std::function<void(std::uint64_t id, base::Error error)> refused;         // this request has its end
    std::function<void()> forgotten;  // the server does not know the session any more
    std::function<bool()> shown;      // a credential of Weir's is in the requests
  };

  SsePosts(base::Scheduler& scheduler, mcp::Limits const& limits, Ways ways);
  ~SsePosts();

  base::Task<void> send(std::string line);   // returns when the next one may be sent
  void heard(std::string_view line);         // came over the stream: it may be an answer
  void answered(std::uint64_t id);           // that one has come
  void close() noexcept { closed_ = true; }  // nothing that has not begun yet is sent

 private:
  class Request;
  class Other;

  base::Task<void> post_request(std::string line, std::uint64_t id);
  base::Task<void> post_other(std::string line, base::Duration most);
  base::Task<void> finish(Exchange posting, base::Duration most);
  Exchange post(std::string_view line);
  bool end(std::uint64_t id);

  base::Scheduler& scheduler_;
  mcp::Limits limits_;
  Ways ways_;
  base::Semaphore places_;
  std::unordered_map<std::uint64_t, Request*> requests_;  // whose POST is not answered yet
  std::size_t waiting_ = 0;                               // bytes of those without a place
  base::IntrusiveList<Other> others_;                     // the oldest first
  std::size_t others_count_ = 0;
  bool closed_ = false;
  base::TaskGroup tasks_;
};

}  // namespace weir::upstream
