#include "router/suggestion.hpp"

#include <algorithm>
#include <array>

namespace weir::router {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr unsigned kEditsMax = 2;

}  // namespace

// Only the diagonal band that `limit` edits can reach is computed.
unsigned edits_between(std::string_view one, std::string_view other, unsigned limit) {
  if (one.size() > other.size()) std::swap(one, other);
  unsigned const too_many = limit + 1;
  if (other.size() - one.size() > limit || one.size() > kNameBytesMax) return too_many;
  std::array<unsigned, kNameBytesMax + 2> row;
  for (unsigned i = 0; i <= one.size() + 1; ++i) row[i] = std::min(i, too_many);
  for (std::size_t j = 1; j <= other.size(); ++j) {
    std::size_t const from = j > limit ? j - limit : 1;
    std::size_t const to = std::min(one.size(), j + limit);
    unsigned diagonal = row[from - 1];
    row[from - 1] = from == 1 ? std::min(static_cast<unsigned>(j), too_many) : too_many;
    unsigned least = row[from - 1];
    for (std::size_t i = from; i <= to; ++i) {
      unsigned const replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({replaced, row[i] + 1, row[i - 1] + 1, too_many});
      least = std::min(least, row[i]);
    }
    if (least == too_many) return too_many;
    if (to < one.size()) row[to + 1] = too_many;
  }
  return row[one.size()];
}

std::string_view suggestion(Catalog const& catalog, ListKind kind, std::string_view name,
                            Shown const& shown) {
  if (name.empty() || name.size() > kNameBytesMax) return {};
  auto const& entries = catalog.list(kind).entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!is_shown(entries[i], shown)) continue;
    if (entries[i].item->key == name) return catalog.exposed(kind, i);
  }
  std::string_view nearest;
  unsigned fewest = kEditsMax + 1;
  std::size_t measured = 0;
  for (std::size_t i = 0; i < entries.size() && measured < kCandidatesMax && fewest > 1; ++i) {
    if (!is_shown(entries[i], shown)) continue;
    for (std::string_view const candidate :
         {catalog.exposed(kind, i), std::string_view(entries[i].item->key)}) {
      auto const longer = std::max(candidate.size(), name.size());
      if (longer - std::min(candidate.size(), name.size()) > kEditsMax) continue;
      ++measured;
      unsigned const edits = edits_between(name, candidate, kEditsMax);
      if (edits >= fewest || edits >= longer) continue;  // a short name is not like every other short one
      fewest = edits;
      nearest = catalog.exposed(kind, i);
    }
  }
  return nearest;
}

}  // namespace weir::router
