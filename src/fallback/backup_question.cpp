#include "fallback/backup_question.hpp"

#include <algorithm>
#include <array>

#include "fallback/backup_path.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::fallback {
namespace {

using mcp::Field;
using mcp::JsonKind;

constexpr std::array<std::string_view, 10> kNaming{"id",   "uri",   "url", "path",    "slug",
                                                   "name", "title", "key", "library", "page"};

bool names_something(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(), detail::small);
  return std::any_of(kNaming.begin(), kNaming.end(), [&](auto ending) { return lower.ends_with(ending); });
}

std::string text_of(std::string_view token) {
  std::string text;
  if (mcp::kind_of_token(token) == JsonKind::string) {
    mcp::decode_string(token, text);
  } else {
    text = token;
  }
  return text;
}

class Gathering {
 public:
  explicit Gathering(BackupQuestion& into) : into_(into) {}

  void name(std::vector<std::string> const& parts, bool suffixes) {
    if (!into_.tool.empty()) {
      auto below = parts;
      below.insert(below.begin(), into_.tool);
      if (!parts.empty() && below.size() <= kPartsMax) add(names_for(below, false));
    }
    add(names_for(parts, suffixes));
  }
  void named_by(std::string const& value) {
    if (value.find("://") != std::string::npos) return name(parts_of_uri(value), true);
    auto const parts = parts_of_value(value);
    name(parts, false);
    auto const slug = slug_of(value);
    if (!slug.empty() && (parts.size() != 1 || slug != parts.front())) name(parts_of_value(slug), false);
  }
  void words(std::string_view text) {
    auto& words = into_.words;
    each_word(text, [&](std::uint32_t word) {
      if (words.size() == BackupQuestion::kWordsMax) return false;
      if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
      return true;
    });
  }

 private:
  void add(std::vector<std::string> names) {
    for (auto& one : names) {
      if (into_.names.size() == BackupQuestion::kNamesMax) return;
      if (std::find(into_.names.begin(), into_.names.end(), one) == into_.names.end())
        into_.names.push_back(std::move(one));
    }
  }
  BackupQuestion& into_;
};

// Every string of the arguments, however deep: keys are the tool's words, not the caller's.
void gather_words(mcp::JsonCursor& cursor, Gathering& into) {
  JsonKind kind;
  mcp::JsonValue value;
  if (!cursor.peek(kind)) return;
  if (kind == JsonKind::object) {
    for (cursor.enter_object(); cursor.next_member(value);) gather_words(cursor, into);
  } else if (kind == JsonKind::array) {
    for (cursor.enter_array(); cursor.next_element();) gather_words(cursor, into);
  } else if (cursor.read_value(value) && kind == JsonKind::string && !value.lone_surrogate) {
    into.words(text_of(value.span.of(cursor.text())));
  }
}

void gather_names(std::string_view arguments, Gathering& into) {
  mcp::JsonCursor cursor(arguments, {.depth_max = 64, .nodes_max = ~0U});
  mcp::JsonValue key, value;
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {
    auto const token = value.span.of(arguments);
    bool const usable = (value.kind == JsonKind::string && !value.lone_surrogate) ||
                        (value.kind == JsonKind::number && mcp::is_integer_token(token));
    if (usable && names_something(text_of(key.span.of(arguments)))) into.named_by(text_of(token));
  }
}

}  // namespace

BackupQuestion question_of(core::Call const& call) {
  BackupQuestion question;
  Gathering gathering(question);
  std::string scratch;
  auto const& message = call.request;
  if (call.method == mcp::Method::resources_read) {
    gathering.name(parts_of_uri(call.target.empty() ? message.text(Field::uri, scratch) : call.target), true);
    return question;
  }
  bool const tool = call.method == mcp::Method::tools_call;
  if ((!tool && call.method != mcp::Method::prompts_get) || call.says_writes) return question;
  std::string const name(call.target.empty() ? message.text(Field::name, scratch) : call.target);
  if (auto const parts = parts_of_value(name); parts.size() == 1) question.tool = parts.front();
  if (message.is(Field::arguments, JsonKind::object)) {
    auto const arguments = message.raw(Field::arguments);
    gather_names(arguments, gathering);
    mcp::JsonCursor cursor(arguments, {.depth_max = 64, .nodes_max = ~0U});
    gather_words(cursor, gathering);
  }
  if (!question.tool.empty()) {
    auto own = names_for({question.tool}, false);
    if (question.names.size() + own.size() > BackupQuestion::kNamesMax)
      question.names.resize(BackupQuestion::kNamesMax - own.size());
    question.names.insert(question.names.end(), own.begin(), own.end());
  }
  std::sort(question.words.begin(), question.words.end());
  return question;
}

}  // namespace weir::fallback
