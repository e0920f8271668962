#include "mcp/message_reader.hpp"

#include <algorithm>

#include "mcp/json_text.hpp"

namespace weir::mcp {
namespace {

// Texts that Weir hands on or shows but never compares, and trace context, which must not refuse a message
// (P119).
bool is_opaque(Field field) noexcept {
  return field == Field::request_state || field == Field::instructions || field == Field::error_message ||
         field == Field::meta_traceparent || field == Field::meta_tracestate;
}

}  // namespace

DecodeFailure failure_at(DecodeFault fault, std::string sentence, std::size_t at) {
  DecodeFailure failure;
  failure.fault = fault;
  failure.sentence = std::move(sentence) + " at byte " + std::to_string(at);
  failure.position = static_cast<std::uint32_t>(at);
  return failure;
}

MessageReader::MessageReader(std::string&& bytes, Limits const& limits)
    : message_(std::move(bytes)), limits_(limits), cursor_(message_.body_->bytes, limits.json) {}

DecodeResult<Message> MessageReader::run() {
  std::string const& bytes = message_.body_->bytes;
  if (!is_utf8(bytes)) {
    return fail(DecodeFault::parse_error, "not UTF-8", static_cast<std::uint32_t>(first_not_utf8(bytes)));
  }
  auto kind = JsonKind::null;
  cursor_.peek(kind);
  std::uint32_t const begin = cursor_.position();
  if (kind == JsonKind::object) {
    read_object(Place::envelope);
  } else {
    cursor_.skip_value();
  }
  if (!cursor_.finish())
    return fail(DecodeFault::parse_error, sentence_of(cursor_.fault()), cursor_.position());
  if (kind == JsonKind::array) return fail(DecodeFault::batch, "an array of messages", begin);
  if (kind != JsonKind::object) return fail(DecodeFault::invalid_request, "not an object", begin);
  check_envelope();
  if (problem_ != nullptr) {
    return fail(DecodeFault::invalid_request, std::string(problem_) + problem_where_, problem_at_);
  }
  return std::move(message_);
}

void MessageReader::read_object(Place place) {
  Members members{.place = place, .others = {}};
  cursor_.enter_object();
  JsonValue key;
  while (cursor_.next_member(key)) {
    if (++members.count == limits_.members_max + 1 && place != Place::result) {
      problem("too many members in ", key.span.begin, name_of(place));
    }
    auto const text = text_of_key(key);
    if (Field const* const field = find_field(place, text)) {
      if (note_field(members, *field, key)) {
        read_field(*field);
      } else {
        cursor_.skip_value();
      }
      continue;
    }
    if (place == Place::envelope && text == "jsonrpc") {
      read_version(members, key);
    } else {
      note_other(members, text, key);
      cursor_.skip_value();
    }
  }
  if (place == Place::envelope) envelope_ = members.fields;
}

std::string_view MessageReader::text_of_key(JsonValue const& key) {
  if (!key.escaped) return key.inner(message_.body_->bytes);
  auto& text = unescaped_keys_.emplace_back();
  decode_string(key.span.of(message_.body_->bytes), text);
  return text;
}

// Whether to read the member: the second of a kind is refused, but in a result the last one counts.
bool MessageReader::note_field(Members& members, Field field, JsonValue const& key) {
  std::uint64_t const bit = std::uint64_t{1} << number_of(field);
  bool const again = (members.fields & bit) != 0;
  members.fields |= bit;
  if (!again) return true;
  if (members.place == Place::result) {
    if (field == Field::meta) {
      auto* const first = &slot(Field::meta);
      std::fill(first, &slot(Field::meta_tracestate) + 1, Span{});
    }
    return true;
  }
  problem("a member appears twice in ", key.span.begin, name_of(members.place));
  if (field == Field::id) slot(Field::id) = {};
  return false;
}

void MessageReader::note_other(Members& members, std::string_view text, JsonValue const& key) {
  if (members.place == Place::result || members.count > limits_.members_max) return;
  if (std::find(members.others.begin(), members.others.end(), text) != members.others.end()) {
    problem("a member appears twice in ", key.span.begin, name_of(members.place));
  }
  members.others.push_back(text);
}

void MessageReader::read_field(Field field) {
  switch (field) {
    case Field::params: return read_nested(field, Place::params, true);
    case Field::result: return read_nested(field, Place::result, true);
    case Field::error: return read_nested(field, Place::error, true);
    case Field::meta: return read_nested(field, Place::meta, false);
    case Field::ref: return read_nested(field, Place::ref, false);
    default: break;
  }
  JsonValue value;
  if (!cursor_.read_value(value)) return;
  if (field == Field::id) return check_id(value);
  slot(field) = value.span;
  if (field == Field::method) return check_method(value);
  if (value.lone_surrogate && !is_opaque(field)) problem("half a surrogate pair", value.span.begin);
}

void MessageReader::read_nested(Field field, Place place, bool must_be_object) {
  auto kind = JsonKind::null;
  cursor_.peek(kind);
  std::uint32_t const begin = cursor_.position();
  if (kind == JsonKind::object) {
    read_object(place);
  } else {
    if (must_be_object) problem("not an object: ", begin, name_of(place));
    cursor_.skip_value();
  }
  slot(field) = {begin, cursor_.position()};
}

void MessageReader::read_version(Members& members, JsonValue const& key) {
  if (members.version) problem("a member appears twice in ", key.span.begin, name_of(members.place));
  members.version = true;
  JsonValue value;
  if (!cursor_.read_value(value) || value.kind != JsonKind::string) return;
  auto const token = value.span.of(message_.body_->bytes);
  std::string text;
  version_right_ = token == "\"2.0\"" || (decode_string(token, text) && text == "2.0");
}

void MessageReader::check_id(JsonValue const& value) {
  auto const token = value.span.of(message_.body_->bytes);
  bool legal = false;
  if (value.kind == JsonKind::string) {
    legal = !value.lone_surrogate && value.inner(message_.body_->bytes).size() <= limits_.id_bytes_max;
  } else if (value.kind == JsonKind::number) {
    legal = is_integer_token(token) && token.size() <= limits_.id_bytes_max;
  } else if (value.kind == JsonKind::null) {
    id_is_null_ = true;
    return;
  }
  if (legal) {
    slot(Field::id) = value.span;
  } else {
    problem("the id is neither an integer nor a string within the limit", value.span.begin);
  }
}

void MessageReader::check_method(JsonValue const& value) {
  if (value.kind != JsonKind::string) return problem("the method is not a string", value.span.begin);
  if (value.lone_surrogate) return problem("half a surrogate pair", value.span.begin);
  std::string scratch;
  auto text = value.inner(message_.body_->bytes);
  if (value.escaped) {
    decode_string(value.span.of(message_.body_->bytes), scratch);
    text = scratch;
  }
  message_.body_->method = find_method(text);
}

void MessageReader::check_envelope() {
  bool const method = in_envelope(Field::method);
  bool const result = in_envelope(Field::result);
  bool const error = in_envelope(Field::error);
  bool const id = !slot(Field::id).empty();
  if (!version_right_) problem("jsonrpc is not 2.0 in the object", 0);
  if (method + result + error != 1) problem("not exactly one of method, result and error in the object", 0);
  if (in_envelope(Field::params) && !method) problem("params without a method in the object", 0);
  if (id_is_null_ && !error) problem("the id is null in the object", 0);
  if (result && !id) problem("a result without an id in the object", 0);
  if (method) {
    message_.body_->kind = id ? MessageKind::request : MessageKind::notification;
  } else {
    message_.body_->kind = error ? MessageKind::error : MessageKind::result;
  }
  if (error && problem_ == nullptr) check_error_object();
}

void MessageReader::check_error_object() {
  std::uint32_t const at = slot(Field::error).begin;
  if (!is_integer_token(message_.raw(Field::error_code))) problem("the error has no integer code", at);
  if (!message_.is(Field::error_message, JsonKind::string)) problem("the error has no message", at);
}

void MessageReader::problem(char const* what, std::uint32_t at, char const* where) noexcept {
  if (problem_ != nullptr) return;
  problem_ = what;
  problem_where_ = where;
  problem_at_ = at;
}

DecodeFailure MessageReader::fail(DecodeFault fault, std::string sentence, std::uint32_t at) {
  auto failure = failure_at(fault, std::move(sentence), at);
  // `01` and a cut-off `12` are no ids: what broke off right behind a token may have been part of it.
  bool const whole = fault != DecodeFault::parse_error || slot(Field::id).end != at;
  if (whole) failure.id = slot(Field::id).of(message_.body_->bytes);
  failure.bytes = std::move(message_.body_->bytes);
  return failure;
}

}  // namespace weir::mcp
