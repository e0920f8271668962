#include "upstream/legacy_client.hpp"

#include <utility>

#include "core/client_capabilities.hpp"
#include "core/outcome.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "upstream/answer_edits.hpp"
#include "upstream/own_request.hpp"
#include "upstream/request_meta.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

constexpr int kInvalidParams = -32602;
constexpr int kMissingCapability = -32021;

struct EnvelopeMember {
  Field field;
  std::string_view key;
  std::string value;
};

std::vector<EnvelopeMember> envelope_of(core::Call const& call, mcp::Revision revision,
                                        std::string_view gateway_info) {
  std::vector<EnvelopeMember> members;
  members.push_back(
      {Field::meta_protocol_version, kMetaProtocolVersion, '"' + std::string(mcp::text_of(revision)) + '"'});
  members.push_back(
      {Field::meta_client_capabilities, kMetaClientCapabilities, core::ClientCapabilities::of(call).write()});
  members.push_back({Field::meta_client_info, kMetaClientInfo, std::string(gateway_info)});
  auto const level = call.session ? call.session->log_level() : std::string_view();
  if (!level.empty()) {
    members.push_back({Field::meta_log_level, kMetaLogLevel, '"' + std::string(level) + '"'});
  }
  return members;
}

bool names_a_uri(mcp::Message const& error) {
  mcp::JsonCursor cursor(error.raw(Field::error_data));
  mcp::JsonValue key;
  JsonKind kind{};
  if (!cursor.peek(kind) || kind != JsonKind::object || !cursor.enter_object()) return false;
  while (cursor.next_member(key)) {
    if (key.inner(cursor.text()) == "uri") return true;
    if (!cursor.skip_value()) return false;
  }
  return false;
}

// The missing capability is one of our envelope, which says what the client can do.
core::Outcome lacking(core::Call const& call, mcp::Message const& message) {
  std::string text = "The server needs something that this client does not offer: ";
  text += message.has(Field::error_data) ? message.raw(Field::error_data) : "a capability";
  if (call.method != Method::tools_call) return core::from_error(kInvalidParams, text);
  std::string result = R"({"content":[{"type":"text","text":)";
  mcp::append_json_string(result, text);
  return core::from_result(result += R"(}],"isError":true})");
}

core::Outcome legacy_error(core::Call const& call, mcp::Message message) {
  auto const code = message.integer(Field::error_code).value_or(0);
  if (code == kMissingCapability) return lacking(call, message);
  mcp::Splice edits(message.bytes());
  if (code == kInvalidParams && call.method == Method::resources_read && names_a_uri(message)) {
    edits.replace(message.span(Field::error_code), "-32002");
  } else if (auto const shown = code_for_any_client(code); !shown.empty()) {
    edits.replace(message.span(Field::error_code), shown);
  }
  return core::Outcome{std::move(message), std::move(edits)};
}

}  // namespace

void add_envelope(core::Call const& call, mcp::Revision revision, std::string_view token,
                  std::string_view gateway_info, mcp::Splice& edits) {
  auto const& message = call.request;
  auto const members = envelope_of(call, revision, gateway_info);
  if (message.is(Field::meta, JsonKind::object)) {
    auto const meta = message.span(Field::meta);
    if (message.has(Field::meta_progress_token))
      edits.replace_owned(message.span(Field::meta_progress_token), token);
    if (message.has(Field::meta_subscription_id))
      edits.erase_members({message.span(Field::meta_subscription_id)});
    for (auto const& member : members) {
      if (message.has(member.field)) {
        edits.replace_owned(message.span(member.field), member.value);
      } else {
        edits.insert_member(meta, member.key, member.value);
      }
    }
    return put_trace(call, edits);
  }
  std::string object = "{";
  for (auto const& member : members) {
    object.append(object.size() > 1 ? ",\"" : "\"").append(member.key).append("\":").append(member.value);
  }
  if (auto const trace = trace_members(call); !trace.empty()) object += ',' + trace;
  make_meta(message, object += '}', edits);
}

core::Outcome for_legacy_client(core::Call const& call, mcp::Message message) {
  if (message.kind() == mcp::MessageKind::error) return legacy_error(call, std::move(message));
  mcp::Splice edits(message.bytes());
  std::string scratch;
  if (message.text(Field::result_type, scratch) == "input_required") {
    return core::Outcome{std::move(message), std::move(edits)};
  }
  std::vector<mcp::Span> gone;
  for (Field const field : {Field::result_type, Field::ttl_ms, Field::cache_scope}) {
    if (message.has(field)) gone.push_back(message.span(field));
  }
  edits.erase_members(std::move(gone));
  if (message.has(Field::meta_server_info)) edits.erase_members({message.span(Field::meta_server_info)});
  bool const output = call.method == Method::tools_call && message.has(Field::structured_content);
  if (output && (call.wraps_output || !message.is(Field::structured_content, JsonKind::object))) {
    auto const span = message.span(Field::structured_content);
    edits.insert(span.begin, R"({"result":)");
    edits.insert(span.end, "}");
  }
  return core::Outcome{std::move(message), std::move(edits)};
}

}  // namespace weir::upstream
