#include "admin/purge_request.hpp"

#include <gtest/gtest.h>

#include "admin/change_body.hpp"

namespace weir::admin {
namespace {

TEST(PurgeRequest, ComesBackAsItWasWritten) {
  PurgeRequest request{"github.search_*", "file:///a\"b", "ci", "hot", true};
  auto const read = parse_purge(purge_body(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->select, request.select);
  EXPECT_EQ(read->uri, request.uri);
  EXPECT_EQ(read->principal, request.principal);
  EXPECT_EQ(read->tag, request.tag);
  EXPECT_TRUE(read->dry_run);
  EXPECT_EQ(purge_body({"a", "", "", "", false}), R"({"select":"a"})");
  EXPECT_FALSE(parse_purge(R"({"tag":"t"})")->dry_run);
}

TEST(PurgeRequest, AMisspeltRestrictionPurgesNothing) {
  for (auto const* bad :
       {"", "{", "[]", "null", "{}", R"({"dry_run":true})", R"({"sellect":"a","select":"*"})",
        R"({"select":7})", R"({"select":""})", R"({"select":"*","dry_run":"yes"})", R"({"select":"*"} x)"})
    EXPECT_FALSE(parse_purge(bad)) << bad;
  std::string const filler(kChangeBytesMax - 13, 'a');
  EXPECT_TRUE(parse_purge(R"({"select":")" + filler + R"("})")) << "as large as may be";
  EXPECT_FALSE(parse_purge(R"({"select":"a)" + filler + R"("})"));
}

TEST(PurgeRequest, ASelectionHasTwoHalves) {
  auto const names = [](std::string const& select) {
    auto const halves = names_of({select, {}, {}, {}, false});
    return halves.server + "|" + halves.operation;
  };
  EXPECT_EQ(names("*"), "|");
  EXPECT_EQ(names("github"), "github|");
  EXPECT_EQ(names("github.*"), "github|");
  EXPECT_EQ(names("github.search_*"), "github|search_*");
  EXPECT_EQ(names("*.search"), "|search");
  EXPECT_EQ(names("github.a.b"), "github|a.b") << "tools may have dots";
}

TEST(PurgeRequest, TheAnswerSaysWhatATierCannot) {
  EXPECT_EQ(purge_answer({3, 4}, true),
            "{\"version\":1,\"entries\":{\"memory\":3,\"store\":4},\"dry_run\":true}\n");
  EXPECT_EQ(purge_answer({0, std::nullopt}, false),
            "{\"version\":1,\"entries\":{\"memory\":0,\"store\":null},\"dry_run\":false}\n");
}

}  // namespace
}  // namespace weir::admin
