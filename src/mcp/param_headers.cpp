#include "mcp/param_headers.hpp"

#include <algorithm>
#include <span>

#include "mcp/header_value.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "mcp/key_table.hpp"

namespace weir::mcp {
namespace {

using base::Blame;
using base::Error;
using base::Fault;

// What the value of a schema keyword is (JSON Schema 2020-12, with the older names). Others hold data, not
// schemas.
enum class Keyword : std::uint8_t { header, type, properties, schema_map, schemas };

constexpr KeyTable kKeywords(std::to_array<NamedValue<Keyword>>({
    {"x-mcp-header", Keyword::header},
    {"type", Keyword::type},
    {"properties", Keyword::properties},
    {"patternProperties", Keyword::schema_map},
    {"$defs", Keyword::schema_map},
    {"definitions", Keyword::schema_map},
    {"dependentSchemas", Keyword::schema_map},
    {"dependencies", Keyword::schema_map},
    {"items", Keyword::schemas},
    {"prefixItems", Keyword::schemas},
    {"additionalItems", Keyword::schemas},
    {"unevaluatedItems", Keyword::schemas},
    {"contains", Keyword::schemas},
    {"additionalProperties", Keyword::schemas},
    {"unevaluatedProperties", Keyword::schemas},
    {"propertyNames", Keyword::schemas},
    {"contentSchema", Keyword::schemas},
    {"allOf", Keyword::schemas},
    {"anyOf", Keyword::schemas},
    {"oneOf", Keyword::schemas},
    {"not", Keyword::schemas},
    {"if", Keyword::schemas},
    {"then", Keyword::schemas},
    {"else", Keyword::schemas},
}));

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    char const lower = static_cast<char>(c | 0x20);
    bool const letter = lower >= 'a' && lower <= 'z';
    return letter || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string text_of(JsonCursor const& cursor, JsonValue const& value) {
  std::string text;
  decode_string(value.span.of(cursor.text()), text);
  return text;
}

// Walks a schema. `path_` is where arguments have the value that the current schema describes, as far as
// property names alone lead there (`reachable`).
class SchemaWalk {
 public:
  explicit SchemaWalk(std::string_view schema) noexcept : cursor_(schema) {}

  base::Result<std::vector<ParamHeader>> run() {
    schema(true);
    cursor_.finish();
    if (cursor_.failed()) refuse(sentence_of(cursor_.fault()), cursor_.position());
    if (!reason_.empty()) return Error(Fault::protocol, Blame::upstream, std::move(reason_));
    return std::move(headers_);
  }

 private:
  struct Annotation {
    JsonValue header;
    JsonValue type;
    bool present = false;
  };

  bool next_is(JsonKind wanted) noexcept {
    auto kind = JsonKind::null;
    return cursor_.peek(kind) && kind == wanted;
  }

  void schema(bool reachable) {
    if (!next_is(JsonKind::object)) {
      cursor_.skip_value();
      return;
    }
    Annotation annotation;
    cursor_.enter_object();
    JsonValue key;
    while (cursor_.next_member(key)) {
      Keyword const* const keyword = kKeywords.find(text_of(cursor_, key));
      if (keyword == nullptr) {
        cursor_.skip_value();
      } else {
        read_keyword(*keyword, reachable, annotation);
      }
    }
    if (annotation.present && !cursor_.failed()) add(annotation, reachable);
  }

  void read_keyword(Keyword keyword, bool reachable, Annotation& annotation) {
    switch (keyword) {
      case Keyword::header:
        if (annotation.present) refuse("x-mcp-header appears twice", cursor_.position());
        annotation.present = cursor_.read_value(annotation.header);
        break;
      case Keyword::type: cursor_.read_value(annotation.type); break;
      case Keyword::properties: schema_map(reachable); break;
      case Keyword::schema_map: schema_map(false); break;
      case Keyword::schemas: schemas(); break;
    }
  }

  void schema_map(bool reachable) {
    if (!next_is(JsonKind::object)) {
      cursor_.skip_value();
      return;
    }
    cursor_.enter_object();
    JsonValue key;
    while (cursor_.next_member(key)) {
      path_.push_back(text_of(cursor_, key));
      schema(reachable);
      path_.pop_back();
    }
  }

  void schemas() {
    if (!next_is(JsonKind::array)) return schema(false);
    cursor_.enter_array();
    while (cursor_.next_element()) schema(false);
  }

  void add(Annotation const& annotation, bool reachable) {
    auto const at = annotation.header.span.begin;
    if (!reachable || path_.empty()) return refuse("x-mcp-header where property names alone do not lead", at);
    if (annotation.header.kind != JsonKind::string) return refuse("x-mcp-header is not a string", at);
    ParamHeader header{.suffix = text_of(cursor_, annotation.header), .path = path_};
    if (!is_token(header.suffix)) return refuse("x-mcp-header is not a header token", at);
    if (annotation.type.kind != JsonKind::string || !read_type(annotation.type, header.type)) {
      return refuse("x-mcp-header on a property that is not a string, integer or boolean", at);
    }
    for (auto const& other : headers_) {
      if (same_ignoring_case(other.suffix, header.suffix)) return refuse("x-mcp-header used twice", at);
    }
    if (headers_.size() == kParamHeadersMax) return refuse("too many x-mcp-header", at);
    headers_.push_back(std::move(header));
  }

  bool read_type(JsonValue const& value, ParamType& type) const {
    auto const text = text_of(cursor_, value);
    if (text == "string") return type = ParamType::string, true;
    if (text == "integer") return type = ParamType::integer, true;
    if (text == "boolean") return type = ParamType::boolean, true;
    return false;
  }

  void refuse(char const* why, std::uint32_t at) {
    if (reason_.empty()) reason_ = "inputSchema: " + std::string(why) + " at byte " + std::to_string(at);
  }

  JsonCursor cursor_;
  std::vector<std::string> path_;
  std::vector<ParamHeader> headers_;
  std::string reason_;
};

enum class Search : std::uint8_t { absent, found, ambiguous };

// The value at `path` below the object that comes next.
Search find_value(JsonCursor& cursor, std::span<std::string const> path, JsonValue& value) {
  auto kind = JsonKind::null;
  if (!cursor.peek(kind) || kind != JsonKind::object) {
    cursor.skip_value();
    return Search::absent;
  }
  cursor.enter_object();
  bool met = false;
  auto outcome = Search::absent;
  JsonValue key;
  while (cursor.next_member(key)) {
    if (text_of(cursor, key) != path.front()) {
      cursor.skip_value();
      continue;
    }
    if (met) return Search::ambiguous;
    met = true;
    if (path.size() > 1) {
      outcome = find_value(cursor, path.subspan(1), value);
    } else if (cursor.read_value(value)) {
      outcome = Search::found;
    }
    if (outcome == Search::ambiguous) break;
  }
  return outcome;
}

}  // namespace

base::Result<std::vector<ParamHeader>> read_param_headers(std::string_view input_schema) {
  return SchemaWalk(input_schema).run();
}

base::Result<std::optional<std::string>> param_text(ParamHeader const& header, std::string_view arguments) {
  auto const refuse = [](char const* why) { return Error(Fault::invalid_input, Blame::client, why); };
  if (arguments.empty()) return std::optional<std::string>();
  JsonCursor cursor(arguments);
  JsonValue value;
  auto const outcome = find_value(cursor, header.path, value);
  if (cursor.failed()) return refuse(sentence_of(cursor.fault()));
  if (outcome == Search::ambiguous) return refuse("an argument mirrored in a header appears twice");
  if (outcome == Search::absent || value.kind == JsonKind::null) return std::optional<std::string>();
  auto const token = value.span.of(arguments);
  switch (value.kind) {
    case JsonKind::string:
      if (value.lone_surrogate) return refuse("an argument mirrored in a header has no text");
      return std::optional(text_of(cursor, value));
    case JsonKind::number: {
      auto integer = canonical_integer(token);
      return std::optional(integer.empty() ? std::string(token) : std::move(integer));
    }
    case JsonKind::boolean: return std::optional(std::string(token));
    default: return refuse("an argument mirrored in a header is not a scalar");
  }
}

bool param_matches(ParamHeader const& header, std::string_view arguments,
                   std::optional<std::string_view> received) {
  auto const expected = param_text(header, arguments);
  if (!expected) return false;
  if (!expected->has_value() || !received) return !expected->has_value() && !received;
  std::string scratch;
  auto const text = decode_header_value(*received, scratch);
  if (!text) return false;
  if (*text == **expected) return true;
  auto const integer = canonical_integer(*text);
  return header.type == ParamType::integer && !integer.empty() && integer == **expected;
}

}  // namespace weir::mcp
