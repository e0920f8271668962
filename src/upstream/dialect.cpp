#include "upstream/dialect.hpp"

#include <fmt/core.h>

#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "upstream/own_request.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

// The member whose value is at `value`, from its key's quote to its value's end; with the comma after it or,
// failing that, before it.
mcp::Span member_with_comma(std::string_view bytes, mcp::Span value) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto const key_end = bytes.find_last_of('"', value.begin - 1);
  auto key = bytes.find_last_of('"', key_end - 1);
  while (bytes[key - 1] == '\\')
    key = bytes.find_last_of('"', key - 1);  // an escaped quote; keys we know have none
  auto const after = bytes.find_first_not_of(kSpace, value.end);
  if (bytes[after] == ',') return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(after + 1)};
  auto const before = bytes.find_last_not_of(kSpace, key - 1);
  auto const begin = bytes[before] == ',' ? before : key;
  return {static_cast<std::uint32_t>(begin), value.end};
}

// The member that names the target of a request.
Field target_field(core::Call const& call) {
  if (call.method == Method::completion_complete) {
    return call.request.has(Field::ref_name) ? Field::ref_name : Field::ref_uri;
  }
  switch (mcp::traits_of(call.method).routed_by) {
    case mcp::RoutedBy::uri: return Field::uri;
    case mcp::RoutedBy::task_id: return Field::task_id;
    default: return Field::name;
  }
}

void edit_target(core::Call const& call, mcp::Splice& edits) {
  auto const field = target_field(call);
  std::string scratch;
  if (call.target.empty() || !call.request.is(field, JsonKind::string)) return;
  if (call.request.text(field, scratch) == call.target) return;  // however it is escaped: byte-exact
  std::string token;
  mcp::append_json_string(token, call.target);
  edits.replace_owned(call.request.span(field), token);
}

bool declares_tasks(core::Call const& call) {
  mcp::JsonCursor cursor(call.request.raw(Field::meta_client_capabilities));
  mcp::JsonValue key;
  auto enter = [&](std::string_view wanted) {
    JsonKind kind{};
    if (!cursor.peek(kind) || kind != JsonKind::object || !cursor.enter_object()) return false;
    while (cursor.next_member(key)) {
      if (key.inner(cursor.text()) == wanted) return true;
      if (!cursor.skip_value()) return false;
    }
    return false;
  };
  return enter("extensions") && enter(kTasksExtension);
}

// P116: codes that a modern client must not see, as the ones that say the same.
std::string_view replacement_for(std::int64_t code) {
  if (code == -32002) return "-32602";
  // P117 within one era: the client's capabilities went up as they came, so it is the client's to know what
  // they lack.
  if (code == -32021) return {};
  if (code == -32042 || (code <= -32020 && code >= -32099)) return "-32603";
  return {};
}

void put(mcp::Message const& message, Field field, std::string_view key, std::string_view value,
         mcp::Splice& edits) {
  if (message.has(field)) {
    edits.replace(message.span(field), value);
  } else {
    edits.insert_member(message.span(Field::result), key, value);
  }
}

// What a modern client may rely on: resultType (P015) and, where results are cacheable, valid hints (P089,
// P095).
void complete_result(Method method, mcp::Message const& message, mcp::Splice& edits) {
  std::string scratch;
  auto const type = message.text(Field::result_type, scratch);
  if (type.empty()) edits.insert_member(message.span(Field::result), "resultType", R"("complete")");
  if (!mcp::traits_of(method).cacheable || (!type.empty() && type != "complete")) return;
  if (message.integer(Field::ttl_ms).value_or(-1) < 0) put(message, Field::ttl_ms, "ttlMs", "0", edits);
  auto const scope = message.text(Field::cache_scope, scratch);
  if (scope != "public" && scope != "private") {
    put(message, Field::cache_scope, "cacheScope", R"("private")", edits);
  }
}

}  // namespace

Dialect::Dialect(std::string server, mcp::Revision revision, std::string gateway_info)
    : server_(std::move(server)), revision_(revision), gateway_info_(std::move(gateway_info)) {}

base::Result<void> Dialect::same_era(core::Call const& call) const {
  if (call.modern() == mcp::is_modern(revision_)) return {};
  auto const theirs = mcp::text_of(revision_);
  return base::Error(base::Fault::unsupported, base::Blame::gateway,
                     fmt::format("a {} call cannot reach a {} server", mcp::text_of(call.revision), theirs))
      .about(server_)
      .advise(fmt::format("The server speaks {}; connect with a client of that era.", theirs));
}

mcp::Splice Dialect::request(core::Call const& call, std::uint64_t id) const {
  auto const& message = call.request;
  mcp::Splice edits(message.bytes());
  auto const own = std::to_string(id);
  edits.replace_owned(message.span(Field::id), own);
  edit_target(call, edits);
  if (!message.is(Field::meta, JsonKind::object)) return edits;
  if (message.has(Field::meta_progress_token))
    edits.replace_owned(message.span(Field::meta_progress_token), own);
  if (message.has(Field::meta_protocol_version)) {
    edits.replace_owned(message.span(Field::meta_protocol_version),
                        fmt::format("\"{}\"", mcp::text_of(revision_)));
  }
  if (message.has(Field::meta_client_info))
    edits.replace(message.span(Field::meta_client_info), gateway_info_);
  bool const info_due = mcp::is_modern(revision_) && !message.has(Field::meta_client_info);
  if (message.has(Field::meta_subscription_id)) {  // names a stream of the other hop
    edits.erase(member_with_comma(message.bytes(), message.span(Field::meta_subscription_id)));
  }
  if (info_due) edits.insert_member(message.span(Field::meta), kMetaClientInfo, gateway_info_);
  return edits;
}

base::Error Dialect::broke_protocol(std::string detail) const {
  return base::Error(base::Fault::protocol, base::Blame::upstream, std::move(detail)).about(server_);
}

// -32020 and -32022 prove that nothing was executed; a caller may try again once it has other headers or
// versions.
base::Error Dialect::hop_error(mcp::Message const& message) const {
  using base::Fault;
  using base::Retry;
  auto const code = message.integer(Field::error_code).value_or(0);
  std::string scratch;
  auto const said = message.text(Field::error_message, scratch);
  return base::Error(Fault::protocol, base::Blame::gateway,
                     fmt::format("the server refused our request: {} ({}); data {}", said, code,
                                 message.raw(Field::error_data)),
                     Retry::always)
      .about(server_);
}

base::Result<void> Dialect::check_result_type(core::Call const& call, mcp::Message const& message) const {
  if (!message.has(Field::result_type)) return {};
  std::string scratch;
  auto const type = message.text(Field::result_type, scratch);
  bool const asks_back = call.method == Method::tools_call || call.method == Method::prompts_get ||
                         call.method == Method::resources_read;
  if (type == "complete") return {};
  if (type == "input_required" && asks_back) return {};                                        // P058
  if (type == "task" && call.method == Method::tools_call && declares_tasks(call)) return {};  // P112
  return broke_protocol(fmt::format("resultType {} is not possible for {}", message.raw(Field::result_type),
                                    mcp::traits_of(call.method).name));
}

base::Result<core::Outcome> Dialect::answer(core::Call const& call, mcp::Message message) const {
  if (message.kind() == mcp::MessageKind::error) {
    auto const code = message.integer(Field::error_code).value_or(0);
    bool const of_this_hop = code == -32020 || code == -32022;
    if (mcp::is_modern(revision_) && of_this_hop) return hop_error(message);
    mcp::Splice edits(message.bytes());
    auto const code_shown = mcp::is_modern(revision_) ? replacement_for(code) : std::string_view();
    if (!code_shown.empty()) edits.replace(message.span(Field::error_code), code_shown);
    return core::Outcome{std::move(message), std::move(edits)};
  }
  if (message.kind() != mcp::MessageKind::result) return broke_protocol("not a response");
  mcp::Splice edits(message.bytes());
  if (message.has(Field::meta_server_info)) {
    edits.replace_owned(message.span(Field::meta_server_info), gateway_info_);
  }
  if (mcp::is_modern(revision_)) {
    if (auto const fine = check_result_type(call, message); !fine) return fine.error();
    complete_result(call.method, message, edits);
  }
  return core::Outcome{std::move(message), std::move(edits)};
}

core::ServerIdentity Dialect::identity(mcp::Message const& result) const {
  core::ServerIdentity who;
  std::string scratch;
  who.revision = revision_;
  who.capabilities =
      result.is(Field::capabilities, JsonKind::object) ? result.raw(Field::capabilities) : "{}";
  who.server_info = result.raw(mcp::is_modern(revision_) ? Field::meta_server_info : Field::server_info);
  who.instructions = result.text(Field::instructions, scratch);
  return who;
}

}  // namespace weir::upstream
