#include "router/list_stamps.hpp"

namespace weir::router {

namespace {

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
  return (a ^ b * 0x9e3779b97f4a7c15U) * 0xff51afd7ed558ccdU + b;
}

}  // namespace

std::optional<ListStamps> list_stamps(CatalogSet const& set, std::string_view endpoint, bool modern) {
  auto const* const catalog = set.find(endpoint, modern);
  if (catalog == nullptr) return std::nullopt;
  auto const one = [catalog](ListKind kind) {
    auto const& list = catalog->list(kind);
    return mixed(list.hash, list.announced);
  };
  return ListStamps{one(ListKind::tools), one(ListKind::prompts),
                    mixed(one(ListKind::resources), one(ListKind::templates))};
}

}  // namespace weir::router
