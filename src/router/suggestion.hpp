// The shown name that somebody who asked for an unknown one probably meant.
//
// First the name that only lacks its prefix, then the nearest within two edits. Pure, any thread. Cost is
// bounded: names over 128 bytes get no suggestion and at most kCandidatesMax are measured.
#pragma once

#include <string_view>

#include "router/catalog.hpp"

namespace weir::router {

inline constexpr std::size_t kCandidatesMax = 1'000;

// Insertions, deletions and replacements between the two; `limit` + 1 if there are more than `limit` of them.
unsigned edits_between(std::string_view one, std::string_view other, unsigned limit);

// Empty if nothing is near.
std::string_view suggestion(Catalog const& catalog, ListKind kind, std::string_view name,
                            Shown const& shown = {});

}  // namespace weir::router
