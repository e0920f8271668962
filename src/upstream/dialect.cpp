#include "upstream/dialect.hpp"

#include <fmt/core.h>

#include "core/client_capabilities.hpp"
#include "core/hop_meta.hpp"
#include "core/input_request.hpp"
#include "core/outcome.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "upstream/answer_edits.hpp"
#include "upstream/discovery.hpp"
#include "upstream/legacy_client.hpp"
#include "upstream/modern_client.hpp"
#include "upstream/own_request.hpp"
#include "upstream/request_meta.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

constexpr std::int64_t kHeaderMismatch = -32020;
constexpr int kMissingCapability = -32021;
constexpr std::int64_t kUnsupportedVersion = -32022;

// The value of a member of an object, as its token; "" if there is none.
std::string_view member_of(std::string_view object, std::string_view name) {
  mcp::JsonCursor cursor(object);
  mcp::JsonValue key, value;
  if (!object.starts_with('{') || !cursor.enter_object()) return {};
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(object) == name) return value.span.of(object);
  }
  return {};
}

// Whether `object` has every member of `wanted`, and those theirs.
bool within(std::string_view wanted, std::string_view object) {
  mcp::JsonCursor cursor(wanted);
  mcp::JsonValue key, value;
  if (!wanted.starts_with('{') || !cursor.enter_object()) return true;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    auto const has = member_of(object, key.inner(wanted));
    if (has.empty() || !within(value.span.of(wanted), has)) return false;
  }
  return true;
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

// Whether an error is about our hop and nothing else. A server that took the old handshake may use the codes
// for its own purposes, but none of those names versions: it has been replaced by a newer one.
bool concerns_hop(mcp::Message const& error, bool modern) {
  auto const code = error.integer(Field::error_code).value_or(0);
  if (code == kUnsupportedVersion) return modern || versions_in_error(error).present;
  return modern && code == kHeaderMismatch;
}

void forget(std::vector<mcp::Span> members, mcp::Message& message) {
  mcp::Splice edits(message.bytes());
  edits.erase_members(std::move(members));
  std::string text;
  edits.append_to(text);
  message = core::from_message(std::move(text)).message;
}

// What a legacy server calls the type of a result is a word of its own, and what looks like a question in it
// is none (P016, P059). It goes from the message itself: other layers read it there. False: it cannot.
bool forget_result_type(core::Call const& call, mcp::Message& message) {
  constexpr int kTimesMax = 4;  // a key that stands there again
  for (int times = 0;; ++times) {
    std::string scratch;
    std::vector<mcp::Span> gone;
    auto const type = message.text(Field::result_type, scratch);
    bool const same = call.modern() && type == "complete";
    if (message.has(Field::result_type) && !same) gone.push_back(message.span(Field::result_type));
    for (Field const field : {Field::input_requests, Field::request_state}) {
      if (call.modern() && message.has(field)) gone.push_back(message.span(field));
    }
    if (gone.empty()) return true;
    if (times == kTimesMax) return false;
    forget(std::move(gone), message);
  }
}

// Keys of `_meta` that concern our hop go from the message itself, and from the questions in it (P118):
// layers behind put members of their own there. serverInfo is left to the edits to come where they take it
// out or put ours in; tasks of a legacy server are known to a legacy client by the server's own ids.
void forget_hop_meta(core::Call const& call, bool modern, mcp::Message& message) {
  bool const to_modern = call.modern() && !modern;
  core::HopKeys const keys{.server_info = to_modern, .related_task = call.modern() || modern};
  bool const asks = modern && message.has(Field::input_requests);
  if (!asks && core::hop_members(message, keys).empty()) return;
  auto const result = message.raw(Field::result);
  auto const kept = asks ? core::result_without_hop_meta(result, keys) : core::without_hop_meta(result, keys);
  if (kept == result) return;
  std::string text(message.bytes());
  auto const place = message.span(Field::result);
  text.replace(place.begin, place.size(), kept);
  message = core::from_message(std::move(text)).message;
}

// -32021 as Weir says it itself, if the client lacks what the server misses; else it is the server's mistake,
// told as any other (P116, P117).
std::optional<core::Outcome> lacking(core::Call const& call, mcp::Message const& message) {
  auto const wanted = member_of(message.raw(Field::error_data), "requiredCapabilities");
  auto const said = call.request.raw(Field::meta_client_capabilities);
  bool const has = within(wanted, said) || within(wanted, core::ClientCapabilities::of(call).write());
  if (!wanted.starts_with('{') || has) return std::nullopt;
  return core::from_error(kMissingCapability, "The client lacks a capability that the server needs for this",
                          R"({"requiredCapabilities":)" + std::string(wanted) + '}');
}

}  // namespace

bool refuses_headers(base::Result<core::Outcome> const& answer) {
  if (answer) return false;
  auto const& error = answer.error();
  return error.fault == base::Fault::protocol && error.blame == base::Blame::gateway &&
         error.retry == base::Retry::always;
}

Dialect::Dialect(std::string server, mcp::Revision revision, std::string gateway_info)
    : server_(std::move(server)), revision_(revision), gateway_info_(std::move(gateway_info)) {}

mcp::Splice Dialect::request(core::Call const& call, std::uint64_t id) const {
  auto const& message = call.request;
  mcp::Splice edits(message.bytes());
  auto const own = std::to_string(id);
  edits.replace_owned(message.span(Field::id), own);
  edit_target(call, edits);
  bool const modern = mcp::is_modern(revision_);
  if (call.modern() == modern) {
    rewrite_envelope(call, own, edits);
  } else if (modern) {
    add_envelope(call, revision_, own, gateway_info_, edits);
  } else {
    strip_envelope(call, own, edits);
  }
  return edits;
}

// Within one era: what is hop-scoped becomes ours.
void Dialect::rewrite_envelope(core::Call const& call, std::string_view own, mcp::Splice& edits) const {
  auto const& message = call.request;
  put_trace(call, edits);
  if (mcp::is_modern(revision_) && message.has(Field::input_responses)) {
    auto const kept = core::answers_without_hop_meta(message.raw(Field::input_responses));
    if (kept != message.raw(Field::input_responses))
      edits.replace_owned(message.span(Field::input_responses), kept);
  }
  if (!message.is(Field::meta, JsonKind::object)) return;
  if (message.has(Field::meta_progress_token))
    edits.replace_owned(message.span(Field::meta_progress_token), own);
  std::string scratch;
  auto const ours = mcp::text_of(revision_);
  if (message.has(Field::meta_protocol_version) &&
      message.text(Field::meta_protocol_version, scratch) != ours) {
    edits.replace_owned(message.span(Field::meta_protocol_version), fmt::format("\"{}\"", ours));
  }
  if (message.has(Field::meta_client_info)) {
    edits.replace(message.span(Field::meta_client_info), gateway_info_);
  } else if (mcp::is_modern(revision_)) {
    edits.insert_member(message.span(Field::meta), kMetaClientInfo, gateway_info_);
  }
  if (message.has(Field::meta_subscription_id)) {  // names a stream of the other hop
    edits.erase_members({message.span(Field::meta_subscription_id)});
  }
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
  auto const blame = code == kHeaderMismatch ? base::Blame::gateway : base::Blame::upstream;
  return base::Error(Fault::protocol, blame,
                     fmt::format("the server refused our request: {} ({}); data {}", said, code,
                                 message.raw(Field::error_data)),
                     Retry::always)
      .about(server_);
}

base::Result<void> Dialect::check_result_type(core::Call const& call, mcp::Message const& message) const {
  if (!message.has(Field::result_type)) return {};
  std::string scratch;
  auto const type = message.text(Field::result_type, scratch);
  if (type == "complete") return {};
  if (type == "input_required" && core::takes_input(call.method)) {  // P058
    if (!call.modern() || core::questions_of(message)) return {};    // the bridge looks itself
    return broke_protocol("resultType input_required without a valid question");
  }
  if (type == "task" && call.method == Method::tools_call &&
      core::declares_extension(call, core::kTasksExtension))
    return {};  // P112
  return broke_protocol(fmt::format("resultType {} is not possible for {}", message.raw(Field::result_type),
                                    mcp::traits_of(call.method).name));
}

base::Result<core::Outcome> Dialect::answer(core::Call const& call, mcp::Message message) const {
  bool const modern = mcp::is_modern(revision_);
  if (message.kind() == mcp::MessageKind::error) {
    if (concerns_hop(message, modern)) return hop_error(message);
  } else if (message.kind() != mcp::MessageKind::result) {
    return broke_protocol("not a response");
  } else if (modern) {
    if (auto const fine = check_result_type(call, message); !fine) return fine.error();
  } else if (!forget_result_type(call, message)) {
    return broke_protocol("the same member again and again");
  }
  if (message.kind() == mcp::MessageKind::result) forget_hop_meta(call, modern, message);
  auto outcome = call.modern() == modern ? within_era(call, std::move(message))
                 : modern                ? for_legacy_client(call, std::move(message))
                                         : for_modern_client(call, std::move(message));
  bool const completion = call.method == Method::completion_complete;
  if (completion && outcome.message.kind() == mcp::MessageKind::result) {
    cut_completion(outcome.message, outcome.edits);
  }
  return outcome;
}

core::Outcome Dialect::within_era(core::Call const& call, mcp::Message message) const {
  mcp::Splice edits(message.bytes());
  bool const modern = mcp::is_modern(revision_);
  if (message.kind() == mcp::MessageKind::error) {
    auto const code = message.integer(Field::error_code).value_or(0);
    if (modern && code == kMissingCapability) {
      if (auto told = lacking(call, message)) return std::move(*told);
    }
    std::string_view shown;
    if (modern) shown = code == -32002 ? "-32602" : code_for_any_client(code);
    if (!shown.empty()) edits.replace(message.span(Field::error_code), shown);
  } else {
    if (message.has(Field::meta_server_info)) {
      edits.replace_owned(message.span(Field::meta_server_info), gateway_info_);
    }
    if (modern && message.has(Field::input_requests)) {  // P059
      auto const lacks = core::ClientCapabilities::of(call).missing_for(message.raw(Field::input_requests));
      if (!lacks.empty()) {
        return core::from_error(kMissingCapability,
                                "The server asks for something that this client does not offer",
                                R"({"requiredCapabilities":)" + lacks + '}');
      }
    }
    if (modern) complete_result(call.method, message, edits);
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
