#include "app/openssl_memory.hpp"

#include <malloc.h>  // malloc_usable_size
#include <openssl/crypto.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace weir::app {
namespace {

void* plain_malloc(std::size_t bytes, char const*, int) { return std::malloc(bytes); }

void wiping_free(void* memory, char const*, int) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t bytes, char const* file, int line) {
  if (bytes == 0) {
    wiping_free(memory, file, line);
    return nullptr;
  }
  void* const other = std::malloc(bytes);
  if (other == nullptr || memory == nullptr) return other;
  std::memcpy(other, memory, std::min(bytes, malloc_usable_size(memory)));
  wiping_free(memory, file, line);
  return other;
}

}  // namespace

bool wipe_what_openssl_frees() noexcept {
  return CRYPTO_set_mem_functions(plain_malloc, wiping_realloc, wiping_free) == 1;
}

}  // namespace weir::app
