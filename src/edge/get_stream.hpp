// GetStream: one event stream that a legacy client opened with GET, from its first byte to its last.
//
// Lives in the frame of its request; one worker. Serves the client's own stream, or what is left of a stream
// that it names by Last-Event-ID. Begins with a priming event where the revision has one, sends events and
// keep-alives, looks each `sweep` whether the peer still takes them, and ends with an event `close` that says
// why, for which there are `closing_max`. Ends when its tenure does.
#pragma once

#include <memory>
#include <string>

#include "core/tenure.hpp"
#include "edge/list_watch.hpp"
#include "edge/stream_rules.hpp"
#include "net/http_server.hpp"
#include "session/outbox.hpp"
#include "session/peer_progress.hpp"

namespace weir::edge {

class GetStream {
 public:
  struct Parts {  // borrowed, but for the last two
    base::Scheduler& scheduler;
    router::CatalogFeed& feed;
    net::HttpExchange& exchange;
    StreamRules const& rules;
    core::Tenure& tenure;
    std::shared_ptr<session::Outbox> outbox;
    session::Outbox::Reading reader;
    bool resumable = true;  // events have ids
  };
  // `first`: what comes before the first event, complete; may be empty.
  GetStream(Parts parts, std::string_view endpoint, std::string first);
  GetStream(GetStream const&) = delete;
  GetStream& operator=(GetStream const&) = delete;
  ~GetStream() { parts_.outbox->leave(*parts_.reader); }

  base::Task<void> run();           // both of:
  base::Task<void> carry();         // from the first byte until the stream is to close
  base::Task<void> say_farewell();  // nobody is within tell()

  // One JSON message, in between the stream's own events. Returns when the client has taken it; false: the
  // stream is closing.
  base::Task<bool> tell(std::string json);
  void tell_now(std::string_view json);  // without waiting: dropped when that is not possible

  // While one lives, a shutdown does not close the stream.
  class Stay {
   public:
    explicit Stay(GetStream& stream) noexcept : stream_(stream) { ++stream_.staying_; }
    Stay(Stay const&) = delete;
    Stay& operator=(Stay const&) = delete;
    ~Stay() {
      if (--stream_.staying_ == 0) stream_.parts_.reader->news.set();
    }

   private:
    GetStream& stream_;
  };

 private:
  base::Task<void> flow();
  base::Task<bool> write(std::string text);
  base::Task<bool> send(std::string text);
  base::Task<void> wait(base::TimePoint lists_due);
  void tend(base::TimePoint now);
  session::LiveStream& live() noexcept { return parts_.reader->live; }

  Parts parts_;
  std::string first_;
  ListWatch lists_;
  session::PeerProgress peer_;
  base::TimePoint said_;
  base::TimePoint swept_;
  base::Semaphore turn_;  // to write
  unsigned staying_ = 0;
};

}  // namespace weir::edge
