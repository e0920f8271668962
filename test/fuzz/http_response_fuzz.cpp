// A response head: same verdict however it arrives; refused as 502, or as 413 for a body over the bound,
// which is ours; framing follows RFC 9112 6.3.
#include <string>

#include "fuzz/fuzz_text.hpp"
#include "net/http_head.hpp"

namespace {

using namespace weir::net;
using weir::fuzz::require;
using State = HeadVerdict::State;

constexpr HttpLimits limits() {
  HttpLimits limits;
  limits.line_bytes_max = 200;
  limits.authorization_bytes_max = 300;  // of requests only
  limits.head_bytes_max = 600;
  limits.fields_max = 12;
  limits.body_bytes_max = 1000;
  return limits;
}
constexpr HttpLimits kLimits = limits();

void check_parts(ResponseHead const& head) {
  require(head.status >= 100 && head.status <= 599 && head.status != 101, "a status that can be handled");
  require(is_field_value(head.reason), "the reason holds no control byte");
  for (Field const& field : head.fields) {
    require(is_token(field.name) && is_field_value(field.value), "fields keep to the grammar");
  }
  bool const coded = head.fields.has("Transfer-Encoding");
  bool const sized = head.fields.has("Content-Length");
  require(!(coded && sized), "never both framings");
  bool const bodiless = head.interim() || head.status == 204 || head.status == 304;
  Framing::Kind const kind = bodiless ? Framing::Kind::none
                             : coded  ? Framing::Kind::chunked
                             : sized  ? Framing::Kind::length
                                      : Framing::Kind::until_close;
  require(head.framing.kind == kind, "framing follows status and fields");
  require(!head.keep_alive || (head.minor_version == 1 && kind != Framing::Kind::until_close),
          "safe to use again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::uint8_t seed = 0;
  std::string_view text;
  if (!weir::fuzz::split_input(data, size, seed, text)) return 0;
  static ResponseHead head;
  HeadSearch whole_search;
  HeadVerdict const whole = parse_response_head(text, kLimits, whole_search, head);
  if (whole.state == State::complete) check_parts(head);
  bool const over_bound = whole.state == State::bad && whole.refusal.status == 413;
  require(whole.state != State::bad || over_bound || whole.refusal.status == 502,
          "an upstream's fault is a bad gateway");
  require(!over_bound || head.framing.length > kLimits.body_bytes_max, "what is over the bound is over it");

  weir::fuzz::Cuts cuts{seed};
  HeadSearch search;
  HeadVerdict pieces;
  for (std::size_t have = 0; have < text.size() && pieces.state == State::need_more;) {
    have += cuts.next(text.size() - have);
    pieces = parse_response_head(text.substr(0, have), kLimits, search, head);
  }
  require(pieces.state == whole.state || (whole.state == State::bad && pieces.state == State::need_more),
          "pieces tell no more than the whole, and a complete head the same");
  require(pieces.state == whole.state || text.find("\r\n\r\n") == text.npos,
          "a finished head is judged at once");
  require(pieces.head_bytes == whole.head_bytes, "the body begins at the same place");
  return 0;
}
