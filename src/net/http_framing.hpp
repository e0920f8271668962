// Framing: where the body of an HTTP/1.1 message ends, decided from its fields by RFC 9112 6.3, with no doubt
// left.
//
// A message that two readers could frame differently is refused: length with transfer coding, repeated or
// listed or signed or zero-padded length, any transfer coding but a single `chunked`, a transfer coding in
// HTTP/1.0. Pure; used by the head parsers, which feed it one field at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/http_fields.hpp"

namespace weir::net {

struct Framing {
  enum class Kind { none, length, chunked, until_close };  // until_close: responses only
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // bytes, for Kind::length

  // Nothing follows the head.
  bool empty() const noexcept { return kind == Kind::none || (kind == Kind::length && length == 0); }
};

// Why a message is refused. `status` is 0 while nothing is wrong; `reason` is a fixed sentence without input
// bytes.
struct Refusal {
  int status = 0;
  char const* reason = "";
  explicit operator bool() const noexcept { return status != 0; }
};

// The fields that decide framing and connection, gathered in one pass over a head.
struct FramingFields {
  std::string_view host;
  std::string_view length;
  std::string_view coding;
  std::uint8_t hosts = 0;  // how often each field stood
  std::uint8_t lengths = 0;
  std::uint8_t codings = 0;
  std::uint8_t expects = 0;
  bool expect_continue = false;
  bool close = false;    // Connection: close
  bool upgrade = false;  // Upgrade or HTTP2-Settings

  void note(Field field) noexcept;
};

// `framing` is valid when no refusal is returned. A length over `body_bytes_max` is refused with 413.
Refusal frame_request(FramingFields const& seen, int minor_version, std::uint64_t body_bytes_max,
                      Framing& framing);
// For answers to any method but HEAD and CONNECT, which Weir does not send. A length over
// `body_bytes_max` is refused with 413, anything else with 502.
Refusal frame_response(FramingFields const& seen, int minor_version, int status, std::uint64_t body_bytes_max,
                       Framing& framing);

}  // namespace weir::net
