// HttpLimits: every bound on what an HTTP/1.1 peer may send. One value per listener or upstream, copied
// freely.
//
// A head over a limit is refused with 414 (start line) or 431 (the rest), a body with 413. Limits hold for
// incomplete heads too: a peer that never ends its line is refused as soon as the line is too long. Access
// tokens may be longer than any other field: the line of a request's Authorization has a limit of its own.
// Time limits belong to the I/O files.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::net {

struct HttpLimits {
  std::size_t line_bytes_max = 8 * 1024;                 // start line and each field line, without CRLF
  std::size_t authorization_bytes_max = 16 * 1024 + 64;  // likewise, of Authorization in a request
  std::size_t head_bytes_max = 64 * 1024;                // the whole head with its final empty line
  std::size_t fields_max = 100;                          // at most Fields::kCapacity
  std::uint64_t body_bytes_max = 4 * 1024 * 1024;        // payload, without chunk framing
  std::size_t chunk_extension_bytes_max = 256;           // all extensions of one body together
  std::size_t trailer_bytes_max = 8 * 1024;              // all trailer lines of one body together
};

}  // namespace weir::net
