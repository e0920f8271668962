#include "mcp/message.hpp"

#include <charconv>
#include <limits>

#include "base/assert.hpp"
#include "mcp/json_text.hpp"
#include "mcp/message_reader.hpp"

namespace weir::mcp {

Message Message::of_result(std::shared_ptr<SharedText const> bytes, Span id, Span result, Span meta) {
  Message made{std::string()};
  made.body_->shared = std::move(bytes);
  made.body_->kind = MessageKind::result;
  made.body_->slots[slot_of(Field::id)] = id;
  made.body_->slots[slot_of(Field::result)] = result;
  made.body_->slots[slot_of(Field::meta)] = meta;
  return made;
}

std::string_view Message::text(Field field, std::string& scratch) const {
  auto const token = raw(field);
  if (token.empty() || token.front() != '"') return {};
  if (token.find('\\') == std::string_view::npos) return token.substr(1, token.size() - 2);
  scratch.clear();
  return decode_string(token, scratch) ? std::string_view(scratch) : std::string_view();
}

std::optional<std::int64_t> Message::integer(Field field) const noexcept {
  auto const token = raw(field);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (token.empty() || error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

DecodeResult<Message> decode(std::string bytes, Limits const& limits) {
  if (bytes.size() > std::min<std::size_t>(limits.bytes_max, std::numeric_limits<std::uint32_t>::max())) {
    auto failure = failure_at(DecodeFault::too_large, "too large", limits.bytes_max);
    failure.bytes = std::move(bytes);
    return failure;
  }
  return MessageReader(std::move(bytes), limits).run();
}

DecodeResult<std::vector<Span>> split_batch(std::string_view bytes, Limits const& limits) {
  if (bytes.size() > limits.bytes_max)
    return failure_at(DecodeFault::too_large, "too large", limits.bytes_max);
  if (!is_utf8(bytes)) return failure_at(DecodeFault::parse_error, "not UTF-8", first_not_utf8(bytes));
  JsonCursor cursor(bytes, limits.json);
  std::vector<Span> elements;
  bool too_many = false;
  cursor.enter_array();
  while (cursor.next_element()) {
    JsonValue element;
    if (!cursor.read_value(element)) break;
    too_many = elements.size() == limits.batch_max;
    if (!too_many) elements.push_back(element.span);
  }
  cursor.finish();
  if (cursor.failed()) {
    return failure_at(DecodeFault::parse_error, sentence_of(cursor.fault()), cursor.position());
  }
  if (too_many)
    return failure_at(DecodeFault::invalid_request, "too many messages in a batch", elements.back().end);
  if (elements.empty()) return failure_at(DecodeFault::invalid_request, "an empty batch", 0);
  return elements;
}

void throw_exception_from_error(DecodeFailure const& failure, boost::source_location const& where) {
  base::assertion_failed(failure.sentence.c_str(), where.file_name(), static_cast<int>(where.line()));
}

}  // namespace weir::mcp
