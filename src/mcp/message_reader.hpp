// MessageReader: the one pass of decode(). Internal to message.cpp.
//
// A fault of syntax ends the pass. A fault of meaning is remembered (the first one) and the pass goes on,
// because the rest must be proven JSON and may hold the id that the answer needs. Lives on the stack, used
// once.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/field_table.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/message.hpp"

namespace weir::mcp {

DecodeFailure failure_at(DecodeFault fault, std::string sentence, std::size_t at);

class MessageReader {
 public:
  MessageReader(std::string&& bytes, Limits const& limits);
  DecodeResult<Message> run();

 private:
  // The members of one object met so far.
  struct Members {
    Place place;
    std::size_t count = 0;
    std::uint64_t fields = 0;              // by number_of(Field)
    bool version = false;                  // jsonrpc
    std::vector<std::string_view> others;  // texts of the other keys
  };

  void read_object(Place place);
  std::string_view text_of_key(JsonValue const& key);
  bool note_field(Members& members, Field field, JsonValue const& key);
  void note_other(Members& members, std::string_view text, JsonValue const& key);
  void read_field(Field field);
  void read_nested(Field field, Place place, bool must_be_object);
  void read_version(Members& members, JsonValue const& key);
  void check_id(JsonValue const& value);
  void check_method(JsonValue const& value);
  void check_envelope();
  void check_error_object();

  Span& slot(Field field) noexcept { return message_.body_->slots[slot_of(field)]; }
  bool in_envelope(Field field) const noexcept { return (envelope_ >> number_of(field) & 1) != 0; }
  void problem(char const* what, std::uint32_t at, char const* where = "") noexcept;
  DecodeFailure fail(DecodeFault fault, std::string sentence, std::uint32_t at);

  Message message_;
  Limits const& limits_;
  JsonCursor cursor_;
  std::list<std::string> unescaped_keys_;
  std::uint64_t envelope_ = 0;  // fields met there
  bool version_right_ = false;
  bool id_is_null_ = false;
  char const* problem_ = nullptr;
  char const* problem_where_ = "";
  std::uint32_t problem_at_ = 0;
};

}  // namespace weir::mcp
