#include "edge/answer.hpp"

#include "core/outcome.hpp"
#include "edge/error_map.hpp"
#include "edge/old_content.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::edge {

using mcp::Field;

namespace {

constexpr int kMethodNotFound = -32601;

observe::Outcome counted_as(base::Fault fault) noexcept {
  if (fault == base::Fault::busy) return observe::Outcome::shed;
  if (fault == base::Fault::limited) return observe::Outcome::limited;
  return fault == base::Fault::denied ? observe::Outcome::denied : observe::Outcome::error;
}

// Why the caller may not; "" if that is not what failed. What a server refuses to the gateway is none of the
// caller's.
std::string_view denial_in(core::Call const& call, base::Error const& error) noexcept {
  if (error.fault != base::Fault::denied || error.blame != base::Blame::client) return {};
  return call.facts.scopes_needed.empty() && error.scopes.empty() ? "caller" : "scopes";
}

bool is_tool_error(core::Outcome const& outcome) noexcept {
  return outcome.message.raw(Field::is_error) == "true";
}

// The code that the client reads: edits may stand in the place of what the server said (P116).
int code_of(core::Outcome const& outcome) {
  auto const read = [](mcp::Message const& error) {
    return static_cast<int>(error.integer(Field::error_code).value_or(0));
  };
  if (outcome.edits.empty()) return read(outcome.message);
  std::string text;
  outcome.edits.append_to(text);
  return read(core::from_message(std::move(text)).message);
}

// Errors that a server answered with are 200 (P026), but for those that stand for the request itself: a
// server's own -32020 and -32022 come to nobody with these codes.
int status_of(core::Call const& call, int code) noexcept {
  bool const ours = call.facts.server.empty();
  if (code <= -32020 && code >= -32022 && (ours || call.modern())) return 400;
  bool const unknown = ours || call.method == mcp::Method::unknown;
  return unknown && call.modern() && code == kMethodNotFound ? 404 : 200;  // P024
}

Settled settle_failure(core::Call const& call, base::Error const& error, bool tool_results,
                       CallRecord& record) {
  auto const mapped = answer_for(error, call.modern(), call.facts.tool, record.request_id);
  bool const as_result = tool_results && call.method == mcp::Method::tools_call && is_upstream_failure(error);
  record.error_type = base::name_of(error.fault);
  record.outcome = counted_as(error.fault);
  record.denied = denial_in(call, error);
  record.error_code = mapped.code;
  if (as_result)
    return {core::from_result(tool_result_for(mapped, error, call.modern())), 200, mapped.fields};
  return {core::from_error(mapped.code, mapped.message, mapped.data), mapped.http, mapped.fields};
}

// Errors that other layers have worded name no request yet, as those of settle_failure() do. Known by their
// data: their server may be set. One of another Weir behind this one has its own id, and keeps it.
void name_request(core::Outcome& outcome, std::string_view request_id) {
  auto const data = outcome.message.raw(Field::error_data);
  if (!data.starts_with(R"({"source":"gateway",)") || data.find(R"("requestId")") != data.npos) return;
  if (request_id.empty() || !outcome.edits.empty()) return;  // edited: a server's
  std::string json;
  mcp::append_json_string(json, request_id);
  outcome.edits.insert_member(outcome.message.span(Field::error_data), "requestId", json);
}

}  // namespace

void put_id(core::Outcome& outcome, std::string_view id) {
  if (outcome.message.has(Field::id)) {
    outcome.edits.replace(outcome.message.span(Field::id), id);
    return;
  }
  std::string_view const bytes = outcome.message.bytes();  // an error that named no request, or null
  mcp::JsonCursor cursor(bytes);
  mcp::JsonValue key, value;
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(bytes) == "id") return outcome.edits.replace(value.span, id);
  }
  auto const open = static_cast<std::uint32_t>(bytes.find('{'));
  auto const end = static_cast<std::uint32_t>(bytes.rfind('}') + 1);
  outcome.edits.insert_member({open, end}, "id", id);
}

std::string error_message(std::string_view id, int code, std::string_view message, std::string_view data) {
  std::string text = R"({"jsonrpc":"2.0",)";
  if (!id.empty()) text.append(R"("id":)").append(id).append(",");
  text.append(R"("error":{"code":)").append(std::to_string(code)).append(R"(,"message":)");
  mcp::append_json_string(text, message);
  if (!data.empty()) text.append(R"(,"data":)").append(data);
  text.append("}}");
  return text;
}

Settled settle(core::Call const& call, base::Result<core::Outcome> outcome, bool tool_results,
               CallRecord& record) {
  if (!outcome) return settle_failure(call, outcome.error(), tool_results, record);
  Settled settled{in_words_of(call, std::move(*outcome)), 200, {}};
  if (settled.outcome.message.kind() == mcp::MessageKind::error) {
    record.outcome = observe::Outcome::error;
    record.error_type = observe::kRpcError;
    record.error_code = code_of(settled.outcome);
    settled.http = status_of(call, record.error_code);
    name_request(settled.outcome, record.request_id);
  } else if (is_tool_error(settled.outcome)) {
    record.outcome = observe::Outcome::tool_error;
    record.error_type = observe::kToolError;
  }
  return settled;
}

}  // namespace weir::edge
