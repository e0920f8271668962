// ListStamps: what a client of one endpoint can see of the three kinds of lists, as numbers to compare.
//
// A stamp differs from an earlier one when the list does, or when a server announced a change of it that does
// not show. Pure functions over an immutable set.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "router/catalog_set.hpp"

namespace weir::router {

using ListStamps = std::array<std::uint64_t, 3>;

// The notification that says that the kind has changed, in the order of the stamps.
inline constexpr std::array<std::string_view, 3> kListNotifications{"notifications/tools/list_changed",
                                                                    "notifications/prompts/list_changed",
                                                                    "notifications/resources/list_changed"};

// Nothing: there is no such endpoint (any more).
std::optional<ListStamps> list_stamps(CatalogSet const& set, std::string_view endpoint, bool modern);

}  // namespace weir::router
