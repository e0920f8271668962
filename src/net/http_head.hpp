// Heads of HTTP/1.1 messages, parsed strictly from a buffer that may not hold all of it yet (RFC 9110, 9112).
//
// Reject, do not repair: what two parsers could read differently is refused. Pure, allocates nothing; every
// view points into the caller's buffer (path may point to a constant). RequestHead and ResponseHead are
// some 3.5 KiB: keep one of each per thread as scratch, fill and use it between two suspensions, copy out
// what must live longer; never put one into a coroutine frame. The first try parses in one pass; when bytes
// are missing, HeadSearch remembers how far the buffer was looked at, so that a head arriving byte by byte
// costs linear time. The verdict on a complete head does not depend on how its bytes arrived. After `bad`:
// answer and close.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http_fields.hpp"
#include "net/http_framing.hpp"
#include "net/http_limits.hpp"

namespace weir::net {

struct RequestHead {
  std::string_view method;  // a token, as sent; deciding which methods exist is the caller's work
  std::string_view target;  // as sent: origin-form, or absolute-form whose authority equals Host
  std::string_view path;    // begins with '/', not decoded
  std::string_view query;   // after '?', without it
  std::string_view host;    // value of Host: name[:port] or [v6][:port]; "" possible in HTTP/1.0 only
  int minor_version = 1;    // 0 or 1
  bool keep_alive = true;   // false for HTTP/1.0 and for Connection: close
  bool expect_continue = false;
  Framing framing;
  Fields fields;
};

struct ResponseHead {
  int status = 0;           // 100..599, never 101
  std::string_view reason;  // may be empty
  int minor_version = 1;
  bool keep_alive = true;  // false for HTTP/1.0, Connection: close and bodies that end with the connection
  Framing framing;
  Fields fields;

  bool interim() const noexcept { return status < 200; }  // drop it and parse on for the final head
};

// How far an incomplete head was searched. One per connection; start each head with a fresh one.
struct HeadSearch {
  std::uint32_t searched = 0;    // bytes of the buffer looked at
  std::uint32_t line_start = 0;  // where the line that `searched` stands in begins
  std::uint32_t lines = 0;       // complete lines so far
};

struct HeadVerdict {
  enum class State { need_more, complete, bad };
  State state = State::need_more;
  std::size_t head_bytes = 0;  // complete: the body begins here
  Refusal refusal;             // bad: 400 405 413 414 417 431 501 505 for requests, 413 502 for responses
};

// `buffer` begins with the first byte of the head and only grows between calls with the same `search`.
// `head` holds anything at all unless the verdict is complete. One CRLF before a request line is skipped.
HeadVerdict parse_request_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                               RequestHead& head);
HeadVerdict parse_response_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                                ResponseHead& head);

}  // namespace weir::net
