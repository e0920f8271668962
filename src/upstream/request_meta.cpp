#include "upstream/request_meta.hpp"

#include <algorithm>
#include <string>

#include "mcp/json_text.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;
using mcp::JsonKind;

std::string token_of(std::string_view text) {
  std::string token;
  mcp::append_json_string(token, text);
  return token;
}

// From a header it may be any bytes; what the W3C allows is text in JSON too.
bool can_be_told(std::string_view state) noexcept {
  return !state.empty() &&
         std::all_of(state.begin(), state.end(), [](char byte) { return byte >= ' ' && byte <= '~'; });
}

}  // namespace

void make_meta(mcp::Message const& request, std::string_view object, mcp::Splice& edits) {
  if (request.has(Field::meta)) {
    edits.replace_owned(request.span(Field::meta), object);
  } else if (request.has(Field::params)) {
    edits.insert_member(request.span(Field::params), "_meta", object);
  } else {
    auto const begin = static_cast<std::uint32_t>(request.bytes().find('{'));
    auto const end = static_cast<std::uint32_t>(request.bytes().rfind('}') + 1);
    edits.insert_member({begin, end}, "params", std::string(R"({"_meta":)").append(object).append("}"));
  }
}

void put_trace(core::Call const& call, mcp::Splice& edits) {
  if (call.traceparent.empty()) return;
  auto const& request = call.request;
  if (!request.is(Field::meta, JsonKind::object)) {
    return make_meta(request, '{' + trace_members(call) + '}', edits);
  }
  auto const put = [&](Field field, std::string_view key, std::string const& value) {
    if (request.has(field)) {
      edits.replace_owned(request.span(field), value);
    } else {
      edits.insert_member(request.span(Field::meta), key, value);
    }
  };
  put(Field::meta_traceparent, "traceparent", '"' + call.traceparent + '"');
  std::string scratch;
  bool const theirs = request.text(Field::meta_tracestate, scratch) == call.tracestate;
  if (!theirs && can_be_told(call.tracestate)) {
    put(Field::meta_tracestate, "tracestate", token_of(call.tracestate));
  }
}

std::string trace_members(core::Call const& call) {
  if (call.traceparent.empty()) return {};
  std::string members = R"("traceparent":")" + call.traceparent + '"';
  if (can_be_told(call.tracestate)) members += R"(,"tracestate":)" + token_of(call.tracestate);
  return members;
}

}  // namespace weir::upstream
