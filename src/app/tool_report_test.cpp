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

TEST(ToolReport, NothingOfAServerReachesTheTerminal) {
  std::vector<PinnedServer> servers{
      {"s", "warn", 1, 1, {{"a\x1b[2J", "changed", "w", "- x: \x1b[8m\n", "t\x1b"}}, {{"t\x1b", 1}}}};
  EXPECT_EQ(render_pinned(servers).find('\x1b'), std::string::npos);
}

TEST(ToolReport, AServersNameForAToolIsNoCommandOfTheShell_T57) {
  std::vector<PinnedServer> servers{
      {"s", "warn", 1, 1, {{"add; touch /tmp/x #", "changed", "w", "", ""}}, {}}};
  EXPECT_NE(render_pinned(servers).find("accept: weir tools accept s 'add; touch /tmp/x #'\n"),
            std::string::npos)
      << render_pinned(servers);
}

}  // namespace
}  // namespace weir::app
