// Chunked transfer coding (RFC 9112 7.1): an incremental, strict decoder and the pieces a writer needs.
//
// The decoder keeps no bytes: payload is reported as views into the caller's input, everything else is
// consumed. One decoder per message, 64 bytes, owned by the connection's exchange. Sizes: 1 to 8 hexadecimal
// digits, at most 2^31; lines end in CRLF; extensions are skipped and counted; trailers are checked as fields
// and dropped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http_framing.hpp"
#include "net/http_limits.hpp"

namespace weir::net {

class ChunkedDecoder {
 public:
  // `limits` must outlive the decoder.
  explicit ChunkedDecoder(HttpLimits const& limits) noexcept : limits_(&limits) {}

  struct Step {
    enum class State { need_more, payload, done, bad };
    State state = State::need_more;
    std::size_t consumed = 0;  // drop this many bytes of the input
    std::string_view payload;  // State::payload: a part of the input within the consumed bytes
    Refusal refusal;           // State::bad: 400 or 413
  };

  // Call with the unconsumed bytes until it says need_more (all input is consumed), done or bad. After done,
  // what was not consumed belongs to the next message. After bad the connection is of no further use.
  Step next(std::string_view input) noexcept;
  bool done() const noexcept { return at_ == At::done; }

 private:
  enum class At : std::uint8_t {
    size_first,
    size,
    extension,
    size_lf,
    payload,
    payload_cr,
    payload_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    bad
  };
  Refusal take(unsigned char byte) noexcept;
  Refusal take_size(unsigned char byte) noexcept;
  Refusal take_trailer(unsigned char byte) noexcept;
  Refusal take_trailer_name(unsigned char byte) noexcept;
  Refusal open_chunk() noexcept;

  HttpLimits const* limits_;
  std::uint64_t body_bytes_ = 0;  // payload announced so far
  std::uint32_t chunk_left_ = 0;  // size being read, then payload bytes still to come
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t trailer_bytes_ = 0;
  std::uint8_t digits_ = 0;
  std::uint8_t name_bytes_ = 0;                  // of the trailer name, kNameKept at most
  static constexpr std::uint8_t kNameKept = 18;  // one more than the longest name that is refused
  std::array<char, kNameKept> name_;
  At at_ = At::size_first;
};

// "<hex>\r\n" for one chunk; after the payload send kChunkEnd. Not for size 0: that ends the body.
class ChunkHeader {
 public:
  explicit ChunkHeader(std::size_t payload_bytes) noexcept;
  std::string_view text() const noexcept { return {bytes_.data() + begin_, kBytes - begin_}; }

 private:
  static constexpr std::size_t kBytes = 18;
  std::array<char, kBytes> bytes_;
  std::size_t begin_;
};
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace weir::net
