#include "jose/internal/wiped_memory.hpp"

#include <cjose/cjose.h>
#include <malloc.h>  // malloc_usable_size
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace weir::jose {
namespace {

void wiping_free(void* memory) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t bytes) {
  void* const larger = std::malloc(bytes);
  if (larger == nullptr || memory == nullptr) return larger;
  std::memcpy(larger, memory, std::min(bytes, malloc_usable_size(memory)));
  wiping_free(memory);
  return larger;
}

}  // namespace

void wipe_what_is_freed() {
  static bool const done = [] {
    cjose_set_alloc_funcs(std::malloc, wiping_realloc, wiping_free);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace weir::jose
