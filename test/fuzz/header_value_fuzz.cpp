// The sentinel of Mcp headers and the annotations of tools. The input is a line each for: a header value, a
// tool's inputSchema, its arguments.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz_text.hpp"
#include "mcp/header_value.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "mcp/param_headers.hpp"

namespace {

using namespace weir::mcp;
using weir::fuzz::require;

bool is_json(std::string_view text) {
  JsonCursor cursor(text);
  return is_utf8(text) && cursor.skip_value() && cursor.finish();
}

std::string_view take_line(std::string_view& rest) {
  auto const line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

void check_value(std::string_view value) {
  std::string scratch;
  auto const text = decode_header_value(value, scratch);
  std::string encoded;
  append_header_value(encoded, text ? *text : value);
  for (char const c : encoded) require(c >= 0x20 && c <= 0x7E, "a header value is printable ASCII");
  auto const source = std::string(text ? *text : value);
  if (is_utf8(source) && encoded.size() <= kHeaderValueBytesMax) {
    std::string again;
    auto const back = decode_header_value(encoded, again);
    require(back.has_value() && *back == source, "what is encoded is decoded");
  }
  auto const integer = canonical_integer(value);
  require(integer.empty() || canonical_integer(integer) == integer,
          "a canonical integer is its own canonical form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<char const*>(bytes), size);
  auto const value = take_line(rest);
  auto const schema = take_line(rest);
  auto const arguments = rest;
  check_value(value);
  auto const headers = read_param_headers(is_utf8(schema) ? schema : "{}");
  if (!headers || !is_json(arguments)) return 0;
  for (auto const& header : *headers) {
    auto const text = param_text(header, arguments);
    if (!text) {
      require(!param_matches(header, arguments, value), "what has no text matches nothing");
      continue;
    }
    std::string sent;
    if (text->has_value()) append_header_value(sent, **text);
    if (sent.size() > kHeaderValueBytesMax) continue;
    require(param_matches(header, arguments,
                          text->has_value() ? std::optional<std::string_view>(sent) : std::nullopt),
            "a header made from the body matches it");
    param_matches(header, arguments, value);
  }
  return 0;
}
