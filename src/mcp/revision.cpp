#include "mcp/revision.hpp"

#include "base/assert.hpp"

namespace weir::mcp {
namespace {

// Each revision is the one before it plus what it added, less what it removed.
consteval auto all_traits() {
  RevisionTraits t{.text = "2024-11-05"};
  std::array<RevisionTraits, kRevisions.size()> table{t};

  t.text = "2025-03-26";
  t.streamable_http = t.batch = true;
  t.tool_annotations = t.audio_content = t.completions_capability = t.progress_message = true;
  table[1] = t;

  t.text = "2025-06-18";
  t.batch = false;
  t.version_header = t.structured_content = t.elicitation = true;
  table[2] = t;

  t.text = "2025-11-25";
  t.icons = t.url_elicitation = t.core_tasks = t.priming_event = true;
  table[3] = t;

  t.text = "2026-07-28";
  t.core_tasks = t.priming_event = false;
  t.modern = t.any_json_structured = true;
  table[4] = t;
  return table;
}

constexpr auto kTraits = all_traits();  // in the order of enum Revision

}  // namespace

RevisionTraits const& traits_of(Revision revision) noexcept {
  auto const row = static_cast<std::size_t>(revision);
  WEIR_ASSERT(row < kTraits.size());
  return kTraits[row];
}

std::optional<Revision> parse_revision(std::string_view text) noexcept {
  if (text == text_of(kNewest)) return kNewest;
  for (Revision const revision : kRevisions) {
    if (text_of(revision) == text) return revision;
  }
  return std::nullopt;
}

}  // namespace weir::mcp
