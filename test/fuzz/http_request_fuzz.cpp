// A request head: same verdict however it arrives; what is accepted holds only what the grammar allows, and
// written down again from its parts it is read the same.
#include <array>
#include <string>

#include "fuzz/fuzz_text.hpp"
#include "net/http_head.hpp"
#include "net/http_text.hpp"

namespace {

using namespace weir::net;
using weir::fuzz::require;
using State = HeadVerdict::State;

constexpr HttpLimits limits() {
  HttpLimits limits;
  limits.line_bytes_max = 200;  // small, so that inputs reach every limit
  limits.authorization_bytes_max = 300;
  limits.head_bytes_max = 600;
  limits.fields_max = 12;
  limits.body_bytes_max = 1000;
  return limits;
}
constexpr HttpLimits kLimits = limits();

void check_parts(RequestHead const& head) {
  require(is_token(head.method), "the method is a token");
  require(head.path.starts_with('/') && is_origin_target(head.path), "the path may stand in a request line");
  require(head.minor_version == 1 || (head.minor_version == 0 && !head.keep_alive), "HTTP/1.0 closes");
  require(head.fields.size() <= kLimits.fields_max, "the limit of fields holds");
  require(head.minor_version == 0 || !head.host.empty(), "HTTP/1.1 names its host");
  for (Field const& field : head.fields) {
    require(is_token(field.name) && is_field_value(field.value), "fields keep to the grammar");
  }
  static constexpr std::array<std::string_view, 4> kSingles{"host", "content-length", "transfer-encoding",
                                                            "expect"};
  require(head.fields.duplicated(kSingles).empty(), "fields that decide framing stand once");
  bool const coded = head.fields.has("Transfer-Encoding");
  bool const sized = head.fields.has("Content-Length");
  require(!(coded && sized), "never both framings");
  Framing::Kind const kind = coded   ? Framing::Kind::chunked
                             : sized ? Framing::Kind::length
                                     : Framing::Kind::none;
  require(head.framing.kind == kind, "framing follows the fields");
  require(!sized || std::to_string(head.framing.length) == head.fields.value("Content-Length"),
          "length as written");
}

void check_written_again(RequestHead const& head) {
  std::string again;
  again.append(head.method).append(1, ' ').append(head.target);
  again.append(head.minor_version == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  for (Field const& field : head.fields)
    require(append_field(again, field.name, field.value), "fields can be written");
  append_head_end(again);
  HttpLimits wide = kLimits;
  wide.line_bytes_max += 2;  // ": " may be longer than what was received
  wide.authorization_bytes_max += 2;
  wide.head_bytes_max += 100;
  HeadSearch search;
  static RequestHead second;
  HeadVerdict const verdict = parse_request_head(again, wide, search, second);
  require(verdict.state == State::complete && verdict.head_bytes == again.size(), "read again");
  require(second.framing.kind == head.framing.kind && second.framing.length == head.framing.length,
          "same framing");
  require(second.path == head.path && second.query == head.query && second.host == head.host, "same target");
  require(second.keep_alive == head.keep_alive && second.fields.size() == head.fields.size(), "same fields");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::uint8_t seed = 0;
  std::string_view text;
  if (!weir::fuzz::split_input(data, size, seed, text)) return 0;
  static RequestHead head;
  HeadSearch whole_search;
  HeadVerdict const whole = parse_request_head(text, kLimits, whole_search, head);
  if (whole.state == State::complete) {
    require(whole.head_bytes <= text.size() && whole.head_bytes <= kLimits.head_bytes_max,
            "a head within its input");
    check_parts(head);
    check_written_again(head);
  }

  weir::fuzz::Cuts cuts{seed};
  HeadSearch search;
  HeadVerdict pieces;
  for (std::size_t have = 0; have < text.size() && pieces.state == State::need_more;) {
    have += cuts.next(text.size() - have);
    pieces = parse_request_head(text.substr(0, have), kLimits, search, head);
  }
  require(pieces.state == whole.state || (whole.state == State::bad && pieces.state == State::need_more),
          "pieces tell no more than the whole, and a complete head the same");
  require(pieces.state == whole.state || text.find("\r\n\r\n") == text.npos,
          "a finished head is judged at once");
  require(pieces.head_bytes == whole.head_bytes, "the body begins at the same place");
  if (pieces.state == State::bad) require(pieces.refusal.status == whole.refusal.status, "the same refusal");
  return 0;
}
