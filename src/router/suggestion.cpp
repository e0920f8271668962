#include "router/suggestion.hpp"

#include <algorithm>
#include <array>

namespace weir::router {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr unsigned kEditsMax = 2;

}  // namespace

unsigned edits_between(std::string_view one, std::string_view other, unsigned limit) {
  if (one.size() > other.size()) std::swap(one, other);
  if (other.size() - one.size() > limit || one.size() > kNameBytesMax) return limit + 1;
  std::array<unsigned, kNameBytesMax + 1> row;
  for (unsigned i = 0; i <= one.size(); ++i) row[i] = i;
  for (std::size_t j = 1; j <= other.size(); ++j) {
    unsigned diagonal = row[0];
    unsigned least = row[0] = static_cast<unsigned>(j);
    for (std::size_t i = 1; i <= one.size(); ++i) {
      unsigned const replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({replaced, row[i] + 1, row[i - 1] + 1});
      least = std::min(least, row[i]);
    }
    if (least > limit) return limit + 1;
  }
  return std::min(row[one.size()], limit + 1);
}

std::string_view suggestion(Catalog const& catalog, ListKind kind, std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return {};
  auto const& entries = catalog.list(kind).entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].item->key == name) return catalog.exposed(kind, i);
  }
  std::string_view nearest;
  unsigned fewest = kEditsMax + 1;
  std::size_t measured = 0;
  for (std::size_t i = 0; i < entries.size() && measured < kCandidatesMax && fewest > 1; ++i) {
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
