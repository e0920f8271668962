// Which members of which objects a Message remembers.
//
// Internal to message.cpp and message_reader.cpp. Constant, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mcp/message.hpp"

namespace weir::mcp {

static_assert(number_of(Field::error_data) < 63, "one bit each in MessageReader's set of members seen");

// The objects whose members are remembered.
enum class Place : std::uint8_t { envelope, params, result, meta, ref, error };

char const* name_of(Place place) noexcept;
Field const* find_field(Place place, std::string_view key) noexcept;  // null: not one of ours

}  // namespace weir::mcp
