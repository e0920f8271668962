// decode() and Splice: whatever is accepted keeps its bytes, its spans are whole tokens of the right place,
// and edits of it give a message that is accepted again with exactly those members changed.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/fuzz_text.hpp"
#include "mcp/field_table.hpp"
#include "mcp/message.hpp"
#include "mcp/splice.hpp"

namespace {

using namespace weir::mcp;
using weir::fuzz::require;

void check_members(Message const& message) {
  std::string scratch;
  for (std::size_t i = 0; i <= number_of(Field::error_data); ++i) {
    auto const field = static_cast<Field>(i);
    auto const token = message.raw(field);
    if (token.empty()) continue;
    JsonCursor cursor(token);
    JsonValue value;
    require(cursor.read_value(value) && cursor.finish() && value.span.size() == token.size(),
            "a span is one whole token");
    message.text(field, scratch);
    message.integer(field);
  }
  if (message.kind() == MessageKind::request || message.kind() == MessageKind::notification) {
    auto const method = message.text(Field::method, scratch);
    require(find_method(method) == message.method(), "the method is that of its text");
  }
}

std::string edited(Splice const& splice) {
  std::string whole;
  splice.append_to(whole);
  std::array<iovec, Splice::kPiecesMax> pieces;
  std::size_t const used = splice.fill(pieces);
  std::string joined;
  for (std::size_t i = 0; i < used; ++i) {
    joined.append(static_cast<char const*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  require(joined == whole && splice.size() == whole.size(), "all outputs of a splice agree");
  return whole;
}

// A new id, a new name or uri, and a member more in params or result: what a relay does.
void check_edits(Message const& message) {
  bool const request = message.kind() == MessageKind::request || message.kind() == MessageKind::notification;
  Field const object = request ? Field::params : Field::result;
  Splice splice(message.bytes());
  if (message.has(Field::id)) splice.replace_owned(message.span(Field::id), "\"new\"");
  if (message.has(Field::name)) splice.replace(message.span(Field::name), "\"other\"");
  if (message.has(object)) splice.insert_member(message.span(object), "weir/added", "[1]");
  auto const again = decode(edited(splice));
  if (!again) {
    // Only a message at a limit, or one that has the member already, may be refused now.
    auto const& sentence = again.error().sentence;
    require(sentence.starts_with("too many") || sentence.starts_with("nested") ||
                sentence.find("twice") != std::string::npos,
            "edits of a message give a message");
    return;
  }
  require(again->kind() == message.kind() && again->method() == message.method(),
          "edits keep kind and method");
  require(again->raw(Field::id) == (message.has(Field::id) ? "\"new\"" : ""), "the id is replaced");
  for (std::size_t i = 1; i <= number_of(Field::error_data); ++i) {
    auto const field = static_cast<Field>(i);
    if (field == object) continue;
    auto const expected = field == Field::name && message.has(field) ? "\"other\"" : message.raw(field);
    require(again->raw(field) == expected, "only the edited members change");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text(reinterpret_cast<char const*>(bytes), size);
  auto const message = decode(text);
  if (message) {
    require(message->bytes() == text, "the bytes are kept");
    check_members(*message);
    check_edits(*message);
    return 0;
  }
  auto const& failure = message.error();
  require(failure.bytes == text && failure.position <= text.size() && !failure.sentence.empty(),
          "a failure says where and gives the text back");
  require(failure.id != "null", "null is no id");
  if (failure.fault == DecodeFault::batch) {
    if (auto const elements = split_batch(text)) {
      for (auto const& element : *elements) static_cast<void>(decode(std::string(element.of(text))));
    }
  }
  return 0;
}
