#include "router/tool_rules.hpp"

#include <gtest/gtest.h>

#include "base/glob.hpp"

namespace weir::router {
namespace {

TEST(Glob, Matches) {
  struct Row {
    char const *pattern, *name;
    bool matches;
  };
  for (auto const& row : std::initializer_list<Row>{{"", "", true},
                                                    {"", "a", false},
                                                    {"*", "", true},
                                                    {"*", "abc", true},
                                                    {"a*", "abc", true},
                                                    {"a*", "bac", false},
                                                    {"*c", "abc", true},
                                                    {"*c", "abcd", false},
                                                    {"a?c", "abc", true},
                                                    {"a?c", "ac", false},
                                                    {"?", "", false},
                                                    {"*b*", "abc", true},
                                                    {"*delete*", "undeleted", true},
                                                    {"a*b*c", "a-b-b-c", true},
                                                    {"a*b*c", "a-c-b", false},
                                                    {"**", "x", true},
                                                    {"a.c", "abc", false},
                                                    {"get_*", "get_", true},
                                                    {"*a*a", "aba", true},
                                                    {"[a]", "a", false},
                                                    {"a", "A", false}}) {
    EXPECT_EQ(base::glob_matches(row.pattern, row.name), row.matches) << row.pattern << ' ' << row.name;
  }
}

TEST(Glob, HostilePatternsTakeNoLongerThanNameTimesPattern) {
  std::string pattern, name(20'000, 'a');
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(base::glob_matches(pattern + 'b', name));  // hangs if the matcher tries all ways
}

TEST(ToolRules, FirstMatchWins) {
  ToolRules const rules{.hide = {"*delete*", "x"},
                        .rename = {{"get", "fetch"}, {"get", "later"}},
                        .description = {{"get*", "first"}, {"*", "any"}}};
  EXPECT_TRUE(rules.hides("undelete_all"));
  EXPECT_TRUE(rules.hides("x"));
  EXPECT_FALSE(rules.hides("xy"));
  EXPECT_EQ(rules.shown_name("get"), "fetch");
  EXPECT_EQ(rules.shown_name("get2"), "get2");
  EXPECT_EQ(*rules.shown_description("get2"), "first");
  EXPECT_EQ(*rules.shown_description("put"), "any");
  EXPECT_EQ(ToolRules{}.shown_description("put"), nullptr);
}

}  // namespace
}  // namespace weir::router
