// CursorSealer: the opaque cursors of merged lists.
//
// A cursor is the base64url of {format, list, position, hash of the list} and 16 bytes of HMAC-SHA256 under a
// key that lives as long as the process. The endpoint, the era and the caller's principal are part of what is
// signed, so a cursor is worth nothing in another view or to another caller (P078); the hash makes it
// worthless once the list has changed. One per process; immutable, any thread, so a walk may go on at another
// worker.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "router/list_kind.hpp"

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
  explicit CursorSealer(base::Random& random);

  std::string seal(CursorScope const& scope, std::uint32_t position) const;

  // The position. The empty cursor is the start (P076). Nothing: forged, foreign or stale (P077).
  std::optional<std::uint32_t> open(CursorScope const& scope, std::string_view cursor) const;

 private:
  using Mac = std::array<unsigned char, 16>;
  Mac sign(CursorScope const& scope, std::string_view payload) const;
  std::array<unsigned char, 32> key_;
};

}  // namespace weir::router
