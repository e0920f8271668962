#include "upstream/stderr_ring.hpp"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

TEST(StderrRing, KeepsTheLastLinesOnly) {
  StderrRing ring;
  for (int i = 0; i < 1000; ++i) ring.append(std::to_string(i) + "\n");
  EXPECT_EQ(ring.size(), StderrRing::kLinesMax);
  EXPECT_EQ(ring.last_lines(3), "997\n998\n999");
  EXPECT_EQ(ring.last_lines(10'000).substr(0, 7), "800\n801");
  EXPECT_EQ(ring.total(), 1000U);
}

TEST(StderrRing, CutsLinesAtTheirBound) {
  StderrRing ring;
  for (int i = 0; i < 10; ++i) ring.append(std::string(1000, 'x'));
  ring.append("\n");
  EXPECT_EQ(ring.last_line().size(), StderrRing::kLineBytesMax);
  ring.append(std::string(StderrRing::kLineBytesMax, 'y') + "\n");
  EXPECT_EQ(ring.last_line(), std::string(StderrRing::kLineBytesMax, 'y'));
}

TEST(StderrRing, TheLastLineIsTheNewestThatSaysSomething) {
  StderrRing ring;
  EXPECT_EQ(ring.last_line(), "");
  ring.append("Error: x\r\n\n  \n");
  EXPECT_EQ(ring.last_line(), "Error: x");
  ring.append("no newline");
  EXPECT_EQ(ring.last_line(), "no newline");
  EXPECT_EQ(ring.last_lines(1), "  \nno newline");
  ring.end_line();
  ring.end_line();
  EXPECT_EQ(ring.last_lines(1), "no newline");
  EXPECT_EQ(ring.total(), 4U);
}

TEST(StderrRing, PassesEveryLineOnOnceItHasEnded) {
  std::string seen;
  StderrRing ring([&](std::string const& line) { seen += line + ";"; });
  ring.append("a\nb\x1b");
  EXPECT_EQ(seen, "a;");
  ring.end_line();
  EXPECT_EQ(seen, "a;b\\x1b;");
}

TEST(StderrRing, ShowsControlCharactersAndBrokenTextEscaped) {
  EXPECT_EQ(escape_controls("a\x1b[2Jb\x7f\tc"), "a\\x1b[2Jb\\x7f c");
  EXPECT_EQ(escape_controls("\xC3\xA4 \xC2\xA0"), "\xC3\xA4 \xC2\xA0");
  EXPECT_EQ(escape_controls("\xC2\x9B"
                            "2J"),
            "\\x9b2J");
  EXPECT_EQ(escape_controls("\xFF\xC3\xA4"), "\\xff\\xc3\\xa4");
  EXPECT_EQ(escape_controls("a\rb"), "a\\x0db");
}

}  // namespace
}  // namespace weir::upstream
