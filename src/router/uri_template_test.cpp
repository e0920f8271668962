#include "router/uri_template.hpp"

#include <gtest/gtest.h>

namespace weir::router {
namespace {

TEST(UriTemplate, MatchesWhatItCanExpandTo) {
  struct Row {
    char const *text, *uri;
    bool matches;
  };
  for (auto const& row : std::initializer_list<Row>{{"file:///{name}", "file:///a.txt", true},
                                                    {"file:///{name}", "file:///", false},
                                                    {"file:///{name}", "file:///a/b", false},
                                                    {"file:///{+path}", "file:///a/b?c#d", true},
                                                    {"file:///{+path}", "file:///", false},
                                                    {"file:///{name}.md", "file:///a.md.md", true},
                                                    {"file:///{name}.md", "file:///a.mdx", false},
                                                    {"repo://{owner}/{repo}/x", "repo://a/b/x", true},
                                                    {"repo://{owner}/{repo}/x", "repo://a/x", false},
                                                    {"a{/path*}", "a", true},
                                                    {"a{/path*}", "a/b/c", true},
                                                    {"a{/path*}", "ab", false},
                                                    {"a{?q,r}", "a", true},
                                                    {"a{?q,r}", "a?q=1&r=2", true},
                                                    {"a{?q,r}", "a/b", false},
                                                    {"a{?q}{&r}", "a?q=1&r=2", true},
                                                    {"a{#x}", "a#top", true},
                                                    {"a{.ext}", "a.tar.gz", true},
                                                    {"a{;x}", "a;x=1", true},
                                                    {"{a}{b}", "xy", true},
                                                    {"{a}{b}", "x", false},
                                                    {"plain", "plain", true},
                                                    {"plain", "plainer", false},
                                                    {"{var:3}x", "abx", true},
                                                    {"", "", true},
                                                    {"", "x", false},
                                                    {"t://{a}-{b}-{c}", "t://1-2-3-4", true},
                                                    {"t://{a}-{b}-{c}", "t://1-2", false}}) {
    auto const compiled = UriTemplate::compile(row.text);
    ASSERT_TRUE(compiled.has_value()) << row.text;
    EXPECT_EQ(compiled->matches(row.uri), row.matches) << row.text << ' ' << row.uri;
  }
}

TEST(UriTemplate, RefusesWhatItDoesNotUnderstand) {
  for (char const* text : {"a{", "a{}", "a{b", "a}b", "a{!b}", "a{b c}", "a{+}", "{a{b}}"}) {
    EXPECT_FALSE(UriTemplate::compile(text).has_value()) << text;
  }
}

TEST(UriTemplate, KeepsItsLimits) {
  EXPECT_TRUE(UriTemplate::compile(std::string(UriTemplate::kBytesMax, 'a')).has_value());
  EXPECT_FALSE(UriTemplate::compile(std::string(UriTemplate::kBytesMax + 1, 'a')).has_value());
  std::string many;
  for (std::size_t i = 0; i < UriTemplate::kExpressionsMax; ++i) many += "{+a}";
  auto const compiled = UriTemplate::compile(many);
  ASSERT_TRUE(compiled.has_value());
  EXPECT_FALSE(UriTemplate::compile(many + "{a}").has_value());
  EXPECT_TRUE(compiled->matches(std::string(UriTemplate::kUriBytesMax, 'a')));  // hangs if it tries all ways
  EXPECT_FALSE(compiled->matches(std::string(UriTemplate::kUriBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace weir::router
