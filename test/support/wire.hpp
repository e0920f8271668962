// Wire: one end of an HTTP/1.1 connection, read and written by hand, for fake clients and fake servers.
//
// Shares no parser with the product, and is lenient: what it is sent was made by the side under test or by a
// fake. Reads heads, bodies (sized or chunked) and event streams. One task at a time per direction. Bounds:
// none, tests only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.hpp"
#include "net/stream.hpp"

namespace weir::test {

struct WireHead {
  std::string start;                          // request line or status line
  std::map<std::string, std::string> fields;  // names in lower case

  int status() const;  // of a status line; 0 otherwise
  std::string field(std::string const& name) const;
};

class Wire {
 public:
  explicit Wire(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  base::Task<std::optional<WireHead>> head();                  // nothing: the connection is over
  base::Task<std::optional<std::string>> body(WireHead head);  // nothing: it broke off
  base::Task<std::optional<std::string>> event();  // data of the next event; nothing: see stream_ended()
  bool stream_ended() const noexcept { return stream_ended_; }  // … in its proper way
  base::Task<bool> write(std::string text);                     // false: the peer is gone
  base::Task<void> until_gone();                                // reads and drops until the peer goes

  net::Stream& stream() noexcept { return *stream_; }

 private:
  base::Task<bool> more();
  base::Task<std::optional<std::string>> line();
  base::Task<bool> have(std::size_t bytes);
  base::Task<std::optional<std::string>> chunk();  // "" is the last one

  std::unique_ptr<net::Stream> stream_;
  std::string in_;
  std::string events_;  // payload of an event stream, not yet taken
  bool stream_ended_ = false;
};

}  // namespace weir::test
