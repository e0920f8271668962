#include "net/internal/scratch.hpp"

#include <memory>

namespace weir::net::internal {

Scratch& scratch() {
  thread_local std::unique_ptr<Scratch> const mine = std::make_unique<Scratch>();
  return *mine;
}

}  // namespace weir::net::internal
