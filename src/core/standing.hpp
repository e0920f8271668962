// Standing: what a call is worth when not all can be served.
//
// Decided by its method and by whether anybody waits for it; never by who calls. Pure function, any thread.
#pragma once

#include <cstdint>

#include "core/call.hpp"

namespace weir::core {

enum class Standing : std::uint8_t {
  control,      // lists, pings, cancels: cheap, and whoever asks decides by them what to do next
  interactive,  // somebody waits for the answer
  background,   // nobody does
};

Standing standing_of(Call const& call) noexcept;

}  // namespace weir::core
