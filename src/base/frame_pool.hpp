// Memory for coroutine frames: per-thread free lists by size class, so that a call allocates nothing once
// warm.
//
// Frames may be freed on the thread that made them only. Kept memory per thread is bounded by kKeptPerClass.
// Under AddressSanitizer the pool steps aside, so that a use after free is seen.
#pragma once

#include <cstddef>

namespace weir::base {

void* frame_allocate(std::size_t bytes);
void frame_release(void* frame, std::size_t bytes) noexcept;

// The largest frame asked for so far in this process; tests print and bound it.
std::size_t frame_bytes_largest() noexcept;

}  // namespace weir::base
