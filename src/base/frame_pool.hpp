// Memory for coroutine frames and what else every call makes: per-thread free lists by size class, so that a
// call allocates little once warm.
//
// What is freed on another thread than made it is kept there. Kept memory per thread is bounded by
// kKeptPerClass.
// Under AddressSanitizer the pool steps aside, so that a use after free is seen.
#pragma once

#include <cstddef>

namespace weir::base {

void* frame_allocate(std::size_t bytes);
void frame_release(void* frame, std::size_t bytes) noexcept;

// For containers that every call has.
template <class T>
struct FrameAllocator {
  using value_type = T;
  FrameAllocator() noexcept = default;
  template <class U>
  FrameAllocator(FrameAllocator<U> const&) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(frame_allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { frame_release(memory, count * sizeof(T)); }
  bool operator==(FrameAllocator const&) const noexcept = default;
};

// The largest frame asked for so far in this process; tests print and bound it.
std::size_t frame_bytes_largest() noexcept;

}  // namespace weir::base
