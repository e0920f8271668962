// FreedMemory: in how many blocks of memory a mark stood when they were given back, since this began to look.
//
// Included by one source of a test program only: it replaces operator new and delete of the whole program.
// One at a time; any thread may free. Sees what C++ allocates, not what C libraries do. The mark is at least
// 16 bytes long, so that it lives on the heap, and outlives the object, as literals do.
#pragma once

#include <malloc.h>
#include <string.h>  // memmem

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

namespace weir::test {

class FreedMemory {
 public:
  explicit FreedMemory(std::string_view mark) : mark_(mark) { looking_ = this; }
  FreedMemory(FreedMemory const&) = delete;
  FreedMemory& operator=(FreedMemory const&) = delete;
  ~FreedMemory() { looking_ = nullptr; }

  std::size_t found() const noexcept { return found_; }

  static void free(void* memory) noexcept {
    auto* const one = looking_.load();
    if (one != nullptr && memory != nullptr) one->look(memory, ::malloc_usable_size(memory));
    std::free(memory);
  }

 private:
  void look(void const* memory, std::size_t bytes) noexcept {
    if (::memmem(memory, bytes, mark_.data(), mark_.size()) != nullptr) ++found_;
  }

  inline static std::atomic<FreedMemory*> looking_{nullptr};
  std::string_view const mark_;
  std::atomic<std::size_t> found_{0};
};

inline void* allocated(std::size_t bytes) {
  if (void* const memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
inline void* allocated(std::size_t bytes, std::align_val_t alignment) {
  auto const step = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(step, (bytes + step - 1) / step * step)) return memory;
  throw std::bad_alloc();
}

}  // namespace weir::test

void* operator new(std::size_t bytes) { return weir::test::allocated(bytes); }
void* operator new[](std::size_t bytes) { return weir::test::allocated(bytes); }
void* operator new(std::size_t bytes, std::align_val_t to) { return weir::test::allocated(bytes, to); }
void* operator new[](std::size_t bytes, std::align_val_t to) { return weir::test::allocated(bytes, to); }
void* operator new(std::size_t bytes, std::nothrow_t const&) noexcept { return std::malloc(bytes); }
void* operator new[](std::size_t bytes, std::nothrow_t const&) noexcept { return std::malloc(bytes); }
void operator delete(void* memory) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete[](void* memory) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { weir::test::FreedMemory::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  weir::test::FreedMemory::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  weir::test::FreedMemory::free(memory);
}
