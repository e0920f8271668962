// JsonCursor against simdjson's DOM: both accept or both refuse, apart from what each documents (T-45).
//
// Ours alone refuses more than 64 levels, 100,000 nodes and lone surrogates in keys. simdjson alone refuses
// lone high surrogates in any string and numbers beyond 64 bits or a double's range. Inputs of those kinds
// are only run.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz_text.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace {

using weir::fuzz::require;
using weir::mcp::JsonCursor;
using weir::mcp::JsonFault;
using weir::mcp::JsonKind;
using weir::mcp::JsonValue;

struct Walk {
  bool lone_surrogate = false;
  bool unusual_number = false;  // more than simdjson may take
};

// Visits every value by entering containers one at a time; must agree with passing the text in one go.
void walk(JsonCursor& cursor, Walk& seen) {
  auto kind = JsonKind::null;
  cursor.peek(kind);
  JsonValue value;
  if (kind == JsonKind::object) {
    cursor.enter_object();
    while (cursor.next_member(value)) walk(cursor, seen);
  } else if (kind == JsonKind::array) {
    cursor.enter_array();
    while (cursor.next_element()) walk(cursor, seen);
  } else if (cursor.read_value(value)) {
    auto const token = value.span.of(cursor.text());
    require(weir::mcp::kind_of_token(token) == value.kind, "a token's first byte tells its kind");
    if (value.kind == JsonKind::number) {
      bool const plain = weir::mcp::is_integer_token(token) && token.size() <= 18;
      seen.unusual_number |=
          !plain && (token.size() > 15 || token.find_first_of("eE") != std::string_view::npos);
    }
    if (value.kind == JsonKind::string) {
      std::string text;
      require(weir::mcp::decode_string(token, text) == !value.lone_surrogate,
              "a string has text unless it names half a pair");
      require(value.escaped || text == value.inner(cursor.text()), "text without escapes is its bytes");
      std::string again = "x";
      weir::mcp::append_json_string(again, text);
      std::string back;
      require(weir::mcp::decode_string(std::string_view(again).substr(1), back) && back == text,
              "what is written is read back");
      seen.lone_surrogate |= value.lone_surrogate;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text(reinterpret_cast<char const*>(bytes), size);
  bool const utf8 = weir::mcp::is_utf8(text);
  require(utf8 == (weir::mcp::first_not_utf8(text) == text.size()), "both UTF-8 checks agree");

  JsonCursor whole(text);
  JsonValue value;
  bool const accepted = whole.read_value(value) && whole.finish();
  require(accepted == !whole.failed(), "a refusal has a fault");
  require(whole.position() <= text.size(), "the place is inside");

  JsonCursor stepwise(text);
  Walk seen;
  walk(stepwise, seen);
  require(stepwise.finish() == accepted, "both ways of reading agree");
  require(stepwise.fault() == whole.fault(), "both ways find the same fault");
  require(stepwise.position() == whole.position(), "both ways find it at the same place");

  using enum JsonFault;
  auto const fault = whole.fault();
  if (fault == too_deep || fault == too_many_nodes || fault == lone_surrogate || seen.lone_surrogate ||
      seen.unusual_number) {
    return 0;
  }
  static simdjson::dom::parser parser;
  simdjson::dom::element element;
  bool const theirs = parser.parse(simdjson::padded_string(text)).get(element) == simdjson::SUCCESS;
  require((accepted && utf8) == theirs, "simdjson agrees");
  return 0;
}
