#include "net/chunked.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::net {
namespace {

constexpr std::uint8_t kSizeDigitsMax = 8;
constexpr std::uint64_t kChunkBytesMax = std::uint64_t{1} << 31;

int hex_value(unsigned char byte) noexcept {
  if (byte >= '0' && byte <= '9') return byte - '0';
  unsigned char const lower = byte | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_text(unsigned char byte) noexcept { return (byte >= 0x20 && byte != 0x7f) || byte == '\t'; }

bool is_token_byte(unsigned char byte) noexcept {
  char const c = static_cast<char>(byte);
  return token_length({&c, 1}) == 1;
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) noexcept {
  Step step;
  if (at_ == At::bad) {
    step.state = Step::State::bad;
    step.refusal = {400, "chunked body refused before"};
    return step;
  }
  while (at_ != At::done && step.consumed < input.size()) {
    if (at_ == At::payload) {
      step.payload = input.substr(step.consumed, chunk_left_);
      step.consumed += step.payload.size();
      chunk_left_ -= static_cast<std::uint32_t>(step.payload.size());
      if (chunk_left_ == 0) at_ = At::payload_cr;
      step.state = Step::State::payload;
      return step;
    }
    step.refusal = take(static_cast<unsigned char>(input[step.consumed++]));
    if (step.refusal) {
      at_ = At::bad;
      step.state = Step::State::bad;
      return step;
    }
  }
  if (at_ == At::done) step.state = Step::State::done;
  return step;
}

Refusal ChunkedDecoder::take(unsigned char byte) noexcept {
  switch (at_) {
    case At::size_first:
    case At::size: return take_size(byte);
    case At::extension:
      if (byte == '\r') {
        at_ = At::size_lf;
      } else if (!is_text(byte)) {
        return {400, "a control byte in a chunk extension"};
      } else if (++extension_bytes_ > limits_->chunk_extension_bytes_max) {
        return {400, "chunk extensions are too long"};
      }
      return {};
    case At::size_lf:
      if (byte != '\n') return {400, "a chunk size line does not end in CRLF"};
      return open_chunk();
    case At::payload_cr:
      if (byte != '\r') return {400, "a chunk is longer than its size"};
      at_ = At::payload_lf;
      return {};
    case At::payload_lf:
      if (byte != '\n') return {400, "a chunk does not end in CRLF"};
      at_ = At::size_first;
      return {};
    default: return take_trailer(byte);
  }
}

Refusal ChunkedDecoder::take_size(unsigned char byte) noexcept {
  int const digit = hex_value(byte);
  if (digit >= 0) {
    if (digits_ == kSizeDigitsMax && at_ == At::size) return {400, "a chunk size has too many digits"};
    digits_ = at_ == At::size_first ? 1 : static_cast<std::uint8_t>(digits_ + 1);
    chunk_left_ = (at_ == At::size_first ? 0 : chunk_left_ << 4) | static_cast<std::uint32_t>(digit);
    at_ = At::size;
    return {};
  }
  if (at_ == At::size_first) return {400, "no chunk size where one belongs"};
  if (byte == ';') {
    at_ = At::extension;
    return ++extension_bytes_ > limits_->chunk_extension_bytes_max
               ? Refusal{400, "chunk extensions are too long"}
               : Refusal{};
  }
  if (byte != '\r') return {400, "a byte in a chunk size that may not stand there"};
  at_ = At::size_lf;
  return {};
}

Refusal ChunkedDecoder::open_chunk() noexcept {
  if (chunk_left_ > kChunkBytesMax) return {413, "a chunk is too large"};
  body_bytes_ += chunk_left_;
  if (body_bytes_ > limits_->body_bytes_max) return {413, "the body is larger than this server takes"};
  at_ = chunk_left_ == 0 ? At::trailer_start : At::payload;
  return {};
}

Refusal ChunkedDecoder::take_trailer(unsigned char byte) noexcept {
  bool const final_line = at_ == At::end_lf || (at_ == At::trailer_start && byte == '\r');
  if (!final_line && ++trailer_bytes_ > limits_->trailer_bytes_max)
    return {431, "the trailer section is too large"};
  switch (at_) {
    case At::trailer_start:
      if (byte != '\r' && !is_token_byte(byte)) return {400, "a trailer line does not begin with a name"};
      at_ = byte == '\r' ? At::end_lf : At::trailer_name;
      name_bytes_ = 0;
      return byte == '\r' ? Refusal{} : take_trailer_name(byte);
    case At::trailer_name: return take_trailer_name(byte);
    case At::trailer_value:
      if (byte == '\r') {
        at_ = At::trailer_lf;
      } else if (!is_text(byte)) {
        return {400, "a control byte in a trailer"};
      }
      return {};
    case At::trailer_lf:
      if (byte != '\n') return {400, "a trailer line does not end in CRLF"};
      at_ = At::trailer_start;
      return {};
    default:
      WEIR_ASSERT(at_ == At::end_lf);
      if (byte != '\n') return {400, "the body does not end in CRLF"};
      at_ = At::done;
      return {};
  }
}

Refusal ChunkedDecoder::take_trailer_name(unsigned char byte) noexcept {
  if (byte != ':') {
    if (!is_token_byte(byte)) return {400, "a byte in a trailer name that may not stand there"};
    if (name_bytes_ < kNameKept) name_[name_bytes_++] = static_cast<char>(byte);
    return {};
  }
  std::string_view const name{name_.data(), name_bytes_};
  if (same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") || same_name(name, "Host")) {
    return {400, "a trailer that would change framing or host"};
  }
  at_ = At::trailer_value;
  return {};
}

ChunkHeader::ChunkHeader(std::size_t payload_bytes) noexcept : begin_(kBytes) {
  WEIR_ASSERT(payload_bytes != 0);
  bytes_[--begin_] = '\n';
  bytes_[--begin_] = '\r';
  for (; payload_bytes != 0; payload_bytes >>= 4) bytes_[--begin_] = "0123456789abcdef"[payload_bytes & 0xf];
}

}  // namespace weir::net
