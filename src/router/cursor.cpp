#include "router/cursor.hpp"

namespace weir::router {
namespace {

constexpr char kFormat = 1;

std::string context_of(CursorScope const& scope) {
  std::string text = scope.modern ? "cursor m" : "cursor l";
  append_number(text, static_cast<std::uint32_t>(scope.endpoint.size()));
  return text.append(scope.endpoint).append(scope.principal);
}

std::string payload_of(CursorScope const& scope, std::uint32_t position) {
  std::string payload{kFormat, static_cast<char>(scope.kind)};
  append_number(payload, scope.list_hash);
  append_number(payload, position);
  return payload;
}

}  // namespace

std::string CursorSealer::seal(CursorScope const& scope, std::uint32_t position) const {
  return sealer_.seal(context_of(scope), payload_of(scope, position));
}

std::optional<std::uint32_t> CursorSealer::open(CursorScope const& scope, std::string_view cursor) const {
  if (cursor.empty()) return 0;
  auto const payload = sealer_.open(context_of(scope), cursor);
  if (!payload || payload->size() < sizeof(std::uint32_t)) return std::nullopt;
  std::uint32_t position = 0;
  for (char const byte : payload->substr(payload->size() - sizeof position)) {
    position = position << 8 | static_cast<unsigned char>(byte);
  }
  if (*payload != payload_of(scope, position)) return std::nullopt;
  return position;
}

}  // namespace weir::router
