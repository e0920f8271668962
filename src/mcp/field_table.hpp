// Which members of which objects a Message remembers, and where it keeps them.
//
// Internal to message.cpp and message_reader.cpp. Fields that no kind of message has together share a slot:
// the three groups after `shared` overlap. Constant, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mcp/message.hpp"

namespace weir::mcp {

enum class FieldGroup : std::uint8_t { shared, request, result, error };

constexpr std::size_t number_of(Field field) noexcept { return static_cast<std::size_t>(field); }

constexpr FieldGroup group_of(Field field) noexcept {
  if (field < Field::method) return FieldGroup::shared;
  if (field < Field::result) return FieldGroup::request;
  return field < Field::error ? FieldGroup::result : FieldGroup::error;
}

constexpr std::size_t slot_of(Field field) noexcept {
  constexpr std::size_t shared = number_of(Field::method);
  switch (group_of(field)) {
    case FieldGroup::shared: return number_of(field);
    case FieldGroup::request: return number_of(field);
    case FieldGroup::result: return shared + number_of(field) - number_of(Field::result);
    case FieldGroup::error: return shared + number_of(field) - number_of(Field::error);
  }
  return 0;
}

static_assert(number_of(Field::error_data) < 63, "one bit each in MessageReader's set of members seen");

// The objects whose members are remembered.
enum class Place : std::uint8_t { envelope, params, result, meta, ref, error };

char const* name_of(Place place) noexcept;
Field const* find_field(Place place, std::string_view key) noexcept;  // null: not one of ours

}  // namespace weir::mcp
