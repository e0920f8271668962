#include "fallback/substitute_answer.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "mcp/splice.hpp"

namespace weir::fallback {
namespace {

using mcp::Field;
using mcp::Method;

constexpr std::size_t kRawArgumentsMax = 8 * kAskedMax;                   // with white space
constexpr mcp::JsonLimits kQuoted{.depth_max = 32, .nodes_max = 10'000};  // our own members come around it
constexpr mcp::JsonLimits kWhole{.depth_max = 48, .nodes_max = ~0U};

void append_escape(std::string& out, unsigned unit) { out += fmt::format("\\u{:04x}", unit); }

// The code point at `at` of valid UTF-8 as one or two escapes; returns the bytes it took.
std::size_t append_escaped(std::string& out, std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  unsigned const first = byte(0);
  std::size_t const size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  unsigned point = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (byte(i) & 0x3FU);
  if (point < 0x10000) {
    append_escape(out, point);
  } else {
    append_escape(out, 0xD800 + ((point - 0x10000) >> 10));
    append_escape(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
  }
  return size;
}

enum class Letters { as_they_are, ascii };

// A JSON value without white space, hence without line ends. ascii: nothing in it can show as anything else
// than it is, whatever draws it.
std::string compact(std::string_view json, Letters letters) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json.size();) {
    char const c = json[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      ++i;
    } else if (in_string && c == '\\') {
      out.append(json.substr(i, 2));
      i += 2;
    } else if (letters == Letters::ascii && static_cast<unsigned char>(c) >= 0x80) {
      i += append_escaped(out, json, i);
    } else {
      if (c == '"') in_string = !in_string;
      if (c == 0x7F && letters == Letters::ascii) {
        append_escape(out, 0x7F);
      } else {
        out += c;
      }
      ++i;
    }
  }
  return out;
}

std::string quoted(std::string_view text) {  // as a JSON string in ASCII
  std::string plain;
  mcp::append_json_string(plain, text);
  return compact(plain, Letters::ascii);
}

bool is_object(std::string_view json, mcp::JsonLimits const& limits) {
  mcp::JsonCursor cursor(json, limits);
  mcp::JsonValue value;
  return mcp::is_utf8(json) && cursor.read_value(value) && cursor.finish() &&
         value.kind == mcp::JsonKind::object;
}

void append_member(std::string& out, std::string_view key, std::string_view json) {
  if (out.back() != '{') out += ',';
  out.append(1, '"').append(key).append("\":").append(json);
}

// {"name":"search","arguments":{…}} or {"uri":"…"}
std::string asked_of(core::Call const& call) {
  std::string out = "{", scratch;
  auto const& message = call.request;
  bool const by_uri = call.method == Method::resources_read;
  std::string_view const name =
      call.target.empty() ? message.text(by_uri ? Field::uri : Field::name, scratch) : call.target;
  auto const shown = name.size() > kAskedMax ? std::string() : quoted(name);
  if (!shown.empty() && shown.size() <= kAskedMax) {
    append_member(out, by_uri ? "uri" : "name", shown);
  } else {
    append_member(out, by_uri ? "uriOmitted" : "nameOmitted", "true");
  }
  auto const raw = message.raw(Field::arguments);
  if (raw.empty() || by_uri) return out += '}';
  auto const arguments = raw.size() <= kRawArgumentsMax && is_object(raw, kQuoted)
                             ? compact(raw, Letters::ascii)
                             : std::string();
  if (!arguments.empty() && arguments.size() <= kAskedMax) {
    append_member(out, "arguments", arguments);
  } else {
    append_member(out, "argumentsOmitted", "true");
  }
  return out += '}';
}

std::int64_t seconds_of(base::Duration age) noexcept {
  return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count(), 0);
}

std::string note_text(core::Call const& call, std::string_view source, DegradedNote const& note) {
  std::string out = "{";
  append_member(out, "source", quoted(source));
  append_member(out, "reason", quoted(note.reason));
  if (note.age) append_member(out, "ageSeconds", std::to_string(seconds_of(*note.age)));
  append_member(out, "server", quoted(note.server));
  if (!note.answered_by.empty()) append_member(out, "answeredBy", quoted(note.answered_by));
  if (!note.file.empty() && mcp::is_utf8(note.file)) append_member(out, "file", quoted(note.file));
  append_member(out, "asked", asked_of(call));
  return out += '}';
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // the encoder ends with a zero
  auto const size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<unsigned char const*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string text_item(std::string_view text) {
  std::string out = R"({"type":"text","text":)";
  mcp::append_json_string(out, text);
  return out += '}';
}

std::string age_words(base::Duration age) {
  auto const hours = seconds_of(age) / 3600;
  if (hours == 0) return "less than an hour old";
  return hours < 48 ? fmt::format("less than {} hours old", hours + 1)
                    : fmt::format("{} days old", hours / 24);
}

struct Body {
  std::string_view bytes;  // of the answer
  std::string_view mime;
  std::string remark;  // one more text for a model, our own words; may be empty
};

std::optional<std::string> members_for(core::Call const& call, Body const& body, bool structured) {
  bool const text = mcp::is_utf8(body.bytes);
  std::string out;
  if (call.method == Method::resources_read) {
    std::string scratch;
    std::string_view const uri =
        call.target.empty() ? call.request.text(Field::uri, scratch) : std::string_view(call.target);
    mcp::append_json_string(out = R"("contents":[{"uri":)", uri);
    mcp::append_json_string(out += R"(,"mimeType":)", body.mime);
    if (text) {
      mcp::append_json_string(out += R"(,"text":)", body.bytes);
    } else {
      mcp::append_json_string(out += R"(,"blob":)", base64(body.bytes));
    }
    return out += "}]";
  }
  if (!text || call.says_writes) return std::nullopt;
  if (call.method == Method::prompts_get)
    return R"("messages":[{"role":"user","content":)" + text_item(body.bytes) + "}]";
  if (call.method != Method::tools_call) return std::nullopt;
  if (structured && !is_object(body.bytes, kWhole)) return std::nullopt;
  out = R"("content":[)" + text_item(body.bytes);
  if (!body.remark.empty()) out += ',' + text_item(body.remark);
  out += R"(],"isError":false)";
  if (structured) out += R"(,"structuredContent":)" + compact(body.bytes, Letters::as_they_are);
  return out;
}

std::optional<core::Outcome> answer(core::Call const& call, Body const& body, std::string_view source,
                                    DegradedNote const& note, bool structured) {
  auto const members = members_for(call, body, structured);
  if (!members) return std::nullopt;
  std::string result = "{" + *members;
  if (call.modern()) {
    append_member(result, "resultType", R"("complete")");
    if (mcp::traits_of(call.method).cacheable) {  // P097: nobody keeps it
      append_member(result, "ttlMs", "0");
      append_member(result, "cacheScope", R"("private")");
    }
  }
  std::string meta = "{";
  append_member(meta, kDegradedKey, note_text(call, source, note));
  append_member(result, "_meta", meta += '}');
  return core::from_result(result += '}');
}

// Values of the members `kDegradedKey` of the object at `object`, however the key is written.
std::vector<mcp::Span> marks_in(std::string_view bytes, mcp::Span object) {
  std::vector<mcp::Span> marks;
  mcp::JsonCursor cursor(object.of(bytes), {.depth_max = 64, .nodes_max = ~0U});
  mcp::JsonValue key, value;
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {
    std::string name;
    bool const legible = mcp::decode_string(key.span.of(cursor.text()), name);
    if (legible && name == kDegradedKey)
      marks.push_back({value.span.begin + object.begin, value.span.end + object.begin});
  }
  return marks;
}

}  // namespace

std::optional<core::Outcome> substitute_file(core::Call const& call, BackupFile const& file,
                                             std::string_view source, DegradedNote note, base::WallTime now,
                                             bool structured) {
  note.file = file.name;
  note.age = std::max<base::Duration>(now - file.modified, base::Duration::zero());
  auto remark = fmt::format(
      "Note: {} could not be asked ({}). The text above is {}, {}, and not its answer.", note.server,
      note.reason, source == kFromBackup ? "a backup copy" : "a default document", age_words(*note.age));
  return answer(call, {file.text, file.mime, std::move(remark)}, source, note, structured);
}

std::optional<core::Outcome> substitute_message(core::Call const& call, std::string_view text,
                                                DegradedNote const& note, bool structured) {
  if (!mcp::is_utf8(text)) return std::nullopt;
  return answer(call, {text, "text/plain", {}}, kFromDefault, note, structured);
}

std::optional<core::Outcome> substitute_explanation(core::Call const& call, DegradedNote const& note,
                                                    bool structured) {
  auto const text = fmt::format(
      "This is a default answer: {} could not be asked ({}); there is no copy of what it would have said. "
      "Ask "
      "again later, or go on without it.",
      note.server, note.reason);
  return answer(call, {text, "text/plain", {}}, kFromDefault, note, structured);
}

bool mark_degraded(core::Outcome& outcome, core::Call const& call, std::string_view source,
                   DegradedNote const& note) {
  if (outcome.message.kind() != mcp::MessageKind::result) return false;
  // Pending edits may have made a `_meta` already, and a kept answer knows few of its places: one text anew.
  std::string text;
  outcome.edits.append_to(text);
  outcome = core::from_message(std::move(text));
  auto const& message = outcome.message;
  auto const value = note_text(call, source, note);
  auto const meta = message.span(Field::meta);
  if (message.is(Field::meta, mcp::JsonKind::object)) {
    if (auto marks = marks_in(message.bytes(), meta); !marks.empty())
      outcome.edits.erase_members(std::move(marks));
    outcome.edits.insert_member(meta, kDegradedKey, value);
    return true;
  }
  std::string whole = "{";
  append_member(whole, kDegradedKey, value);
  whole += '}';
  if (meta.empty()) {
    outcome.edits.insert_member(message.span(Field::result), "_meta", whole);
  } else {
    outcome.edits.replace_owned(meta, whole);  // one that is no object says nothing
  }
  return true;
}

}  // namespace weir::fallback
