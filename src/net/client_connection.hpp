// ClientConnection: one connection to an upstream and the answer being read from it. For http_client_io.cpp
// and http_reply_io.cpp only.
//
// Owned by a ConnectionLease while at work, by its HttpClient while idle. One thread. See http_client.hpp.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "net/chunked.hpp"
#include "net/http_client.hpp"

namespace weir::net {

class ClientConnection {
 public:
  ClientConnection(base::Scheduler& s, std::unique_ptr<Stream> st, ClientOptions const& o,
                   base::Semaphore::Permit p)
      : scheduler(s), stream(std::move(st)), options(o), place(std::move(p)), sse(o.event_bytes_max) {}

  ~ClientConnection();  // wipes what it has read
  ClientConnection(ClientConnection const&) = delete;
  ClientConnection& operator=(ClientConnection const&) = delete;

  IoResult send_now(std::string_view head,
                    std::span<iovec const> body) noexcept;  // what the socket takes at once
  base::Task<base::Result<void>> send_rest(std::string_view head, std::span<iovec const> body,
                                           std::size_t sent);
  bool head_now(base::Result<ReplyHead>& head);  // false: not all of it is here yet
  std::optional<std::string> body_now();
  base::Task<base::Result<std::string>> read_body();
  base::Task<base::Result<std::optional<HttpReply::Event>>> next_event();
  std::optional<base::Result<std::optional<HttpReply::Event>>> event_now();

  // The answer is complete, nothing followed, both sides keep the connection.
  bool stale() const noexcept { return kept && in.empty() && interim_ == 0; }  // it ended: see Retry
  bool reusable() const noexcept { return complete && keep_alive && sent_all && in.empty(); }
  void begin() noexcept;                             // before each request
  void note_scratch(IoResult const& got) noexcept {  // what was read there, to be wiped when it closes
    scratch_used_ = std::max(scratch_used_, got.bytes);
  }

  base::Scheduler& scheduler;
  std::unique_ptr<Stream> stream;
  ClientOptions const& options;
  base::Semaphore::Permit place;  // held while at work, not while idle
  base::TimePoint idle_since;
  base::Duration idle_for{};  // as the peer announced it, else as long as it is kept
  bool keep_alive = false;
  bool complete = false;  // the answer has been read to its end
  bool sent_all = false;
  bool kept = false;      // it has served before
  bool had_turn = false;  // event_now() stopped although there is more to read

 private:
  friend class HttpReply;
  bool take_head(std::string_view bytes, base::Result<ReplyHead>& head, std::size_t& used);
  ReplyHead copy_head();
  base::Task<base::Result<bool>> fill();  // more raw bytes into `in`; false: the peer ended
  base::Result<std::optional<HttpReply::Event>> event_in_piece();
  base::Result<std::string_view> next_payload(bool ended);  // "" means: need more, or complete
  base::Task<base::Result<std::string>> read_sized();

  HeadSearch search_;
  Framing framing_;
  std::optional<ChunkedDecoder> chunks_;
  std::string body_;            // the part of a sized body that came with the head
  std::string in;               // raw bytes not yet consumed
  std::size_t at_ = 0;          // consumed bytes of `in`
  std::string_view piece_;      // payload within `in`, not yet given to the event parser
  unsigned interim_ = 0;        // 1xx answers to this request
  unsigned reads_ = 0;          // since it last waited for the server
  bool ended_ = false;          // the peer sends no more
  std::uint64_t received_ = 0;  // payload bytes of this answer
  std::size_t scratch_used_ = 0;
  SseParser sse;
};

}  // namespace weir::net
