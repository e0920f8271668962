#include "mcp/revision.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::mcp {
namespace {

TEST(Revision, IsReadFromItsTextAndNothingElse) {
  for (Revision const revision : kRevisions) EXPECT_EQ(parse_revision(text_of(revision)), revision);
  for (std::string_view const text : {"", "2026-07-29", "2099-01-01", "2026-07-28 ", "2024-11-5", "draft"}) {
    EXPECT_EQ(parse_revision(text), std::nullopt) << text;
  }
}

TEST(Revision, IsOrderedByAge) {
  for (std::size_t i = 1; i < kRevisions.size(); ++i) {
    EXPECT_LT(kRevisions[i - 1], kRevisions[i]);
    EXPECT_LT(text_of(kRevisions[i - 1]), text_of(kRevisions[i]));
  }
  EXPECT_EQ(kNewest, kRevisions.back());
  EXPECT_TRUE(is_modern(kNewest));
  EXPECT_FALSE(is_modern(kNewestLegacy));
}

// By the revision that each trait came with, as the changelogs of MCP say.
TEST(Revision, HasWhatItsTableSays) {
  auto const since = [](bool RevisionTraits::*trait) {
    std::string marks;
    for (Revision const revision : kRevisions) marks += traits_of(revision).*trait ? 'x' : '.';
    return marks;
  };
  EXPECT_EQ(since(&RevisionTraits::streamable_http), ".xxxx");
  EXPECT_EQ(since(&RevisionTraits::batch), ".x...");
  EXPECT_EQ(since(&RevisionTraits::version_header), "..xxx");
  EXPECT_EQ(since(&RevisionTraits::tool_annotations), ".xxxx");
  EXPECT_EQ(since(&RevisionTraits::audio_content), ".xxxx");
  EXPECT_EQ(since(&RevisionTraits::completions_capability), ".xxxx");
  EXPECT_EQ(since(&RevisionTraits::progress_message), ".xxxx");
  EXPECT_EQ(since(&RevisionTraits::structured_content), "..xxx");
  EXPECT_EQ(since(&RevisionTraits::elicitation), "..xxx");
  EXPECT_EQ(since(&RevisionTraits::icons), "...xx");
  EXPECT_EQ(since(&RevisionTraits::url_elicitation), "...xx");
  EXPECT_EQ(since(&RevisionTraits::core_tasks), "...x.");
  EXPECT_EQ(since(&RevisionTraits::priming_event), "...x.");
  EXPECT_EQ(since(&RevisionTraits::modern), "....x");
  EXPECT_EQ(since(&RevisionTraits::any_json_structured), "....x");
}

}  // namespace
}  // namespace weir::mcp
