// A chunked body: the same payload, end and refusal however it arrives; limits hold; what was decoded and
// encoded again decodes to itself.
#include <string>

#include "fuzz/fuzz_text.hpp"
#include "net/chunked.hpp"

namespace {

using namespace weir::net;
using weir::fuzz::require;
using State = ChunkedDecoder::Step::State;

constexpr HttpLimits limits() {
  HttpLimits limits;
  limits.body_bytes_max = 300;
  limits.chunk_extension_bytes_max = 20;
  limits.trailer_bytes_max = 40;
  return limits;
}
constexpr HttpLimits kLimits = limits();

struct Reading {
  std::string payload;
  std::size_t consumed = 0;
  int status = 0;
  bool done = false;

  bool operator==(Reading const&) const = default;
};

// Gives the decoder one piece; false when it has come to an end, good or bad.
bool feed(ChunkedDecoder& decoder, std::string_view piece, Reading& reading) {
  while (!piece.empty()) {
    ChunkedDecoder::Step const step = decoder.next(piece);
    require(step.consumed <= piece.size(), "consumes no more than there is");
    require(step.consumed != 0, "makes progress");
    if (step.state == State::payload) {
      require(step.payload.data() >= piece.data() &&
                  step.payload.data() + step.payload.size() == piece.data() + step.consumed,
              "payload is a view into the input");
      reading.payload += step.payload;
    }
    reading.consumed += step.consumed;
    reading.status = step.refusal.status;
    reading.done = step.state == State::done;
    if (step.state == State::done || step.state == State::bad) return false;
    piece.remove_prefix(step.consumed);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::uint8_t seed = 0;
  std::string_view text;
  if (!weir::fuzz::split_input(data, size, seed, text)) return 0;
  ChunkedDecoder whole_decoder{kLimits};
  Reading whole;
  feed(whole_decoder, text, whole);
  require(whole.payload.size() <= kLimits.body_bytes_max, "the body limit holds");

  weir::fuzz::Cuts cuts{seed};
  ChunkedDecoder decoder{kLimits};
  Reading pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const length = cuts.next(text.size() - at);
    if (!feed(decoder, text.substr(at, length), pieces)) break;
    at += length;
  }
  require(pieces == whole, "pieces and whole are read alike");

  if (whole.done && !whole.payload.empty()) {
    std::string again{ChunkHeader{whole.payload.size()}.text()};
    again.append(whole.payload).append(kChunkEnd).append(kLastChunk);
    ChunkedDecoder second_decoder{kLimits};
    Reading second;
    feed(second_decoder, again, second);
    require(second.done && second.payload == whole.payload, "encoded again it is the same");
  }
  return 0;
}
