// CursorSealer: the opaque cursors of merged lists.
//
// A cursor is {format, list, hash of the list, position}, sealed for the endpoint, the era and the caller's
// principal: worth nothing in another view or to another caller (P078), nor once the list has changed. One
// per process; immutable, any thread, so a walk may go on at another worker. Its key seals task ids too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "router/list_kind.hpp"
#include "router/sealer.hpp"

namespace weir::router {

// What a cursor is valid for.
struct CursorScope {
  std::string_view endpoint;
  std::string_view principal;
  std::uint64_t list_hash = 0;
  ListKind kind = ListKind::tools;
  bool modern = true;
};

class CursorSealer {
 public:
  explicit CursorSealer(base::Random& random) : sealer_(random) {}

  std::string seal(CursorScope const& scope, std::uint32_t position) const;

  // The position. The empty cursor is the start (P076). Nothing: forged, foreign or stale (P077).
  std::optional<std::uint32_t> open(CursorScope const& scope, std::string_view cursor) const;

  Sealer const& sealer() const noexcept { return sealer_; }

 private:
  Sealer sealer_;
};

}  // namespace weir::router
