#include "edge/old_content.hpp"

#include <limits>
#include <string>

#include "core/outcome.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::edge {
namespace {

using mcp::JsonKind;
using mcp::Method;
using mcp::Span;

// What is walked here was decoded under the limits for messages.
constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64,
                                         .nodes_max = std::numeric_limits<std::uint32_t>::max()};

// Calls take(name, kind, place of the value) for each member of the object at `object`, if it is one.
template <class Take>
void each_member(std::string_view json, Span object, Take take) {
  mcp::JsonCursor cursor(object.of(json), kDecodedBefore);
  mcp::JsonValue key, value;
  if (!object.of(json).starts_with('{')) return;
  for (cursor.enter_object(); cursor.next_member(key) && cursor.read_value(value);) {
    take(key.inner(cursor.text()), value.kind,
         Span{object.begin + value.span.begin, object.begin + value.span.end});
  }
}

template <class Take>
void each_element(std::string_view json, Span array, Take take) {
  mcp::JsonCursor cursor(array.of(json), kDecodedBefore);
  mcp::JsonValue value;
  if (!array.of(json).starts_with('[')) return;
  for (cursor.enter_array(); cursor.next_element() && cursor.read_value(value);) {
    take(Span{array.begin + value.span.begin, array.begin + value.span.end});
  }
}

class Wording {
 public:
  Wording(std::string_view json, mcp::RevisionTraits const& known) : json_(json), known_(known) {}

  void tool_result(Span result) {
    each_member(json_, result, [&](std::string_view name, JsonKind, Span value) {
      if (name == "content") each_element(json_, value, [&](Span block) { word(block); });
    });
  }

  void prompt(Span result) {
    each_member(json_, result, [&](std::string_view name, JsonKind, Span messages) {
      if (name != "messages") return;
      each_element(json_, messages, [&](Span message) {
        each_member(json_, message, [&](std::string_view member, JsonKind, Span block) {
          if (member == "content") word(block);
        });
      });
    });
  }

  // The whole text; "" if all of it may stay.
  std::string finish() {
    if (copied_ > 0) out_ += json_.substr(copied_);
    return std::move(out_);
  }

 private:
  void word(Span block) {
    std::string type, name, uri, media_type;
    each_member(json_, block, [&](std::string_view key, JsonKind kind, Span value) {
      if (kind != JsonKind::string) return;
      std::string* const wanted = key == "type"       ? &type
                                  : key == "name"     ? &name
                                  : key == "uri"      ? &uri
                                  : key == "mimeType" ? &media_type
                                                      : nullptr;
      if (wanted == nullptr) return;
      wanted->clear();
      mcp::decode_string(value.of(json_), *wanted);
    });
    if (type == "resource_link" && !known_.structured_content) {
      replace(block, name.empty() ? uri : name + ": " + uri);
    } else if (type == "audio" && !known_.audio_content) {
      replace(block, media_type.empty() ? "[audio]" : "[audio: " + media_type + "]");
    }
  }

  void replace(Span block, std::string_view text) {
    out_.append(json_.substr(copied_, block.begin - copied_)).append(R"({"type":"text","text":)");
    mcp::append_json_string(out_, text);
    out_ += '}';
    copied_ = block.end;
  }

  std::string_view json_;
  mcp::RevisionTraits const& known_;
  std::string out_;
  std::uint32_t copied_ = 0;
};

bool may_have(std::string_view bytes, mcp::RevisionTraits const& known) {
  return bytes.find("resource_link") != std::string_view::npos ||
         (!known.audio_content && bytes.find("audio") != std::string_view::npos);
}

}  // namespace

core::Outcome in_words_of(core::Call const& call, core::Outcome outcome) {
  auto const& known = mcp::traits_of(call.revision);
  if (known.structured_content || outcome.message.kind() != mcp::MessageKind::result) return outcome;
  bool const tool = call.method == Method::tools_call;
  if (!tool && call.method != Method::prompts_get) return outcome;
  if (!may_have(outcome.message.bytes(), known)) return outcome;
  std::string text;
  outcome.edits.append_to(text);
  auto edited = core::from_message(std::move(text));
  Wording wording(edited.message.bytes(), known);
  auto const result = edited.message.span(mcp::Field::result);
  if (tool) {
    wording.tool_result(result);
  } else {
    wording.prompt(result);
  }
  auto worded = wording.finish();
  return worded.empty() ? std::move(outcome) : core::from_message(std::move(worded));
}

}  // namespace weir::edge
