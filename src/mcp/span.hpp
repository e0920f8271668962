// Span: a piece of a message's bytes by offset, so that it survives moving the message.
//
// Half open: [begin, end). No JSON token is empty, therefore an empty span means "absent". 32 bits bound a
// message to 4 GiB; Limits::bytes_max is far below.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/assert.hpp"

namespace weir::mcp {

struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  constexpr std::uint32_t size() const noexcept { return end - begin; }
  constexpr bool empty() const noexcept { return begin == end; }
  constexpr std::string_view of(std::string_view bytes) const noexcept {
    WEIR_ASSERT(end <= bytes.size());
    return {bytes.data() + begin, size()};
  }
  constexpr bool operator==(Span const&) const noexcept = default;
};

}  // namespace weir::mcp
