// HttpConnection: the state of one server connection. For http_server_io.cpp and http_exchange_io.cpp only.
//
// Owned by serve_connection(), one thread. See http_server.hpp for the contract and the bounds.
#pragma once

#include <memory>
#include <string>

#include "net/chunked.hpp"
#include "net/http_server.hpp"

namespace weir::net {

class HttpConnection {
 public:
  // `any_length`: bodies of whatever length may be announced.
  HttpConnection(base::Scheduler& scheduler, std::unique_ptr<Stream> stream, ServerOptions const& options,
                 bool any_length);
  ~HttpConnection();  // wipes what it has read
  HttpConnection(HttpConnection const&) = delete;
  HttpConnection& operator=(HttpConnection const&) = delete;

  enum class Next { request, refused, more, close };
  Next head_now();                         // from bytes that are here; request: head() is valid
  base::Task<Next> read_head();            // the slow way: until there is one, never `more`
  base::Task<bool> finish(bool stopping);  // after the handler: flush, drain; false: close
  base::Task<void> linger();

  // For HttpExchange.
  std::optional<std::string> body_now();
  base::Task<base::Result<std::string>> read_body();
  void hold_head();  // before a suspension after which resume_head() makes its views valid again
  void resume_head();
  void put(std::span<iovec const> parts);  // write now, keep the rest
  bool flushed() const noexcept { return out_.empty(); }
  std::size_t held() const noexcept { return out_.size() - out_sent_; }
  void hold(std::string_view text);  // goes out with the next flush()
  base::Task<bool> flush();          // one at a time
  void abandon() noexcept;
  void begin_reply(std::string& into, int status);
  bool is_last() const noexcept { return pipelined_ >= options.pipelined_max; }

  base::Scheduler& scheduler;
  std::unique_ptr<Stream> stream;
  ServerOptions const& options;
  Refusal refusal;
  std::uint64_t bytes_out = 0;
  bool body_done = true;
  bool replied = false;
  bool stream_open = false;
  bool chunked_reply = false;
  bool http10 = false;
  bool head_request = false;
  bool keep_alive = true;
  bool gone = false;
  std::string common_fields;  // of every answer to this request
  std::string in;             // bytes received beyond the current request, or an unfinished head

 private:
  base::Result<std::string> refuse_body(base::Fault fault, char const* reason);
  IoState fill(std::string& into, std::size_t bytes_max);
  base::Task<base::Result<std::string>> read_sized(std::string body, std::size_t length);
  base::Task<base::Result<std::string>> read_chunked();
  base::TimePoint body_deadline(std::uint64_t received) const noexcept;
  struct Flushing {
    explicit Flushing(HttpConnection& of) noexcept;
    Flushing(Flushing const&) = delete;
    Flushing& operator=(Flushing const&) = delete;
    ~Flushing();
    HttpConnection& connection;
  };
  void keep_head();
  void forget_head() noexcept;
  void restore_head();

  HttpLimits head_limits_;    // of the options, but for the length that may be announced
  std::string out_;           // written by us, not yet taken by the client
  std::size_t out_sent_ = 0;  // bytes of it that the client has taken
  std::string head_bytes_;    // owned copy of the head when its bytes must outlive a suspension
  std::string_view rest_;     // what followed the head where it was parsed: in scratch or in head_bytes_
  base::TimePoint body_started_;
  HeadSearch search_;
  std::uint32_t head_length_ = 0;
  int pipelined_ = 0;
  bool flushing_ = false;
  bool abandoned_ = false;
  bool from_scratch_ = false;  // the head's views point into the thread's scratch
};

}  // namespace weir::net
