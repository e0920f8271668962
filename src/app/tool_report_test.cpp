#include "app/tool_report.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

std::vector<PinnedServer> const kServers{
    {"docs", "warn", 3, 0, {}, {}},
    {"files",
     "quarantine",
     2,
     2,
     {{"add", "changed", "says \"else\"", "- description: a\n+ description: b\n", ""},
      {"add", "changed", "for tenant acme", "- description: c\n", "acme"}},
     {{"acme", 1}}}};

TEST(ToolReport, IsReadBackAsItWas) {
  auto const read = read_pinned(pinned_json(kServers));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, kServers);
  EXPECT_FALSE(read_pinned("{}").has_value());
  EXPECT_FALSE(read_pinned("nothing").has_value());
}

TEST(ToolReport, ShowsTheDifferenceAndHowToAccept) {
  EXPECT_EQ(render_pinned(kServers),
            "docs   warn        3 pinned, all as they were\n"
            "files  quarantine  2 pinned, 2 suspect\n"
            "  tenant acme: 1 pinned for its callers alone\n"
            "  add says \"else\"; withheld\n"
            "    - description: a\n"
            "    + description: b\n"
            "    accept: weir tools accept files add\n"
            "  add for tenant acme; withheld\n"
            "    - description: c\n"
            "    accept: weir tools accept files add --tenant acme\n"
            "  … and 1 more\n");
}

TEST(ToolReport, TheCommandAcceptsTheToolAndDoesNothingElse) {
  EXPECT_EQ(accept_command("s", "files/read_a.b-c", ""), "weir tools accept s files/read_a.b-c");
  EXPECT_EQ(accept_command("s", "add; touch /tmp/a #", ""), "weir tools accept s 'add; touch /tmp/a #'");
  EXPECT_EQ(accept_command("s", "$(id)", "a b"), "weir tools accept s '$(id)' --tenant 'a b'");
  EXPECT_EQ(accept_command("s", "it's", ""), R"(weir tools accept s 'it'\''s')");
  EXPECT_EQ(accept_command("s", "--all", ""), "weir tools accept s -- --all");
  EXPECT_EQ(accept_command("s", "-r f", "acme"), "weir tools accept s --tenant acme -- '-r f'");
  EXPECT_EQ(accept_command("s", "++", ""), "weir tools accept s -- ++");
}

TEST(ToolReport, ShowsNamesSoThatTheyCanBeSeenAndTyped) {  // acceptance row 57
  std::vector<PinnedServer> const servers{
      {"s", "warn", 1, 1, {{"n\u200Bm\x1b[31m\u202E\n", "hidden", "hides", "", ""}}, {}}};
  EXPECT_EQ(render_pinned(servers),
            "s  warn        1 pinned, 1 suspect\n"
            "  n<U+200B>m<U+001B>[31m<U+202E><U+000A> hides\n"
            "    accept: weir tools accept s 'n<U+200B>m<U+001B>[31m<U+202E><U+000A>'\n");
}

TEST(ToolReport, TheJsonShowsWhatNobodySeesAndKeepsIt) {  // acceptance row 57
  std::vector<PinnedServer> const servers{
      {"s", "warn", 1, 1, {{"n\u200Bm\u202E\U000E0041\x7F", "hidden", "hides", "", ""}}, {}}};
  auto const json = pinned_json(servers);
  EXPECT_NE(json.find(R"("n\u200bm\u202e\udb40\udc41\u007f")"), std::string::npos) << json;
  auto const read = read_pinned(json);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, servers);
}

TEST(ToolReport, NothingOfAServerReachesTheTerminal) {
  std::vector<PinnedServer> servers{
      {"s", "warn", 1, 1, {{"a\x1b[2J", "changed", "w", "- x: \x1b[8m\n", "t\x1b"}}, {{"t\x1b", 1}}}};
  EXPECT_EQ(render_pinned(servers).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace weir::app
