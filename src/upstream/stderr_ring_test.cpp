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
  EXPECT_EQ(ring.telling_line().size(), StderrRing::kLineBytesMax);
  ring.append(std::string(StderrRing::kLineBytesMax, 'y') + "\n");
  EXPECT_EQ(ring.telling_line(), std::string(StderrRing::kLineBytesMax, 'y'));
}

TEST(StderrRing, ShowsNoPartOfASecretThatStandsAcrossTheCut_F56) {
  std::string const secret = "hunter2-hunter2-hunter2";
  std::string told;
  auto const mask = [&](std::string& text) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret))
      text.replace(at, secret.size(), "***");
  };
  for (std::size_t at = StderrRing::kLineBytesMax - 30; at < StderrRing::kLineBytesMax + 5; ++at) {
    StderrRing ring([&](std::string const& line) { told = line; }, mask);
    ring.append(std::string(at, 'x') + secret);
    ring.append(" and more of it");
    auto const open = ring.telling_line();
    EXPECT_EQ(ring.last_lines(1), open);
    ring.append("\n");
    EXPECT_EQ(ring.telling_line(), open);
    EXPECT_EQ(told, open);
    EXPECT_EQ(open.find('h'), std::string::npos) << at;
    EXPECT_EQ(open.substr(0, at), std::string(std::min(at, StderrRing::kLineBytesMax), 'x'));
  }
}

TEST(StderrRing, WhatItKeepsIsMasked_F56) {
  StderrRing ring({}, [](std::string& text) { text = "bad token ***"; });
  ring.append("bad token hunter2\n");
  EXPECT_EQ(ring.telling_line(), "bad token ***");
  EXPECT_EQ(ring.last_lines(1), "bad token ***");
}

TEST(StderrRing, TheTellingLineIsTheNewestThatSaysSomething) {
  StderrRing ring;
  EXPECT_EQ(ring.telling_line(), "");
  ring.append("Error: x\r\n\n  \n");
  EXPECT_EQ(ring.telling_line(), "Error: x");
  ring.begin_process();
  EXPECT_EQ(ring.telling_line(), "");
  ring.append("no newline");
  EXPECT_EQ(ring.telling_line(), "no newline");
  EXPECT_EQ(ring.last_lines(1), "  \nno newline");
  ring.end_line();
  ring.end_line();
  EXPECT_EQ(ring.last_lines(1), "no newline");
  EXPECT_EQ(ring.total(), 4U);
}

// What real runtimes leave behind when a program ends at an error of its own.
TEST(StderrRing, TheTellingLineIsTheErrorAndNotWhatStandsBelowIt) {
  auto const telling = [](std::string_view words) {
    StderrRing ring;
    ring.append(words);
    return ring.telling_line();
  };
  EXPECT_EQ(
      telling("throw new Error('x')\n^\n\nError: KEY is not set\n    at [eval]:1:7\n\nNode.js v24.1.0\n"),
      "Error: KEY is not set");
  EXPECT_EQ(telling("Error: Cannot find module 'x'\n    at y {\n  code: 'E'\n}\n\nNode.js v24.1.0\n"),
            "Error: Cannot find module 'x'");
  EXPECT_EQ(telling("Traceback (most recent call last):\n  File \"a\", line 1\nKeyError: 'KEY'\n"),
            "KeyError: 'KEY'");
  EXPECT_EQ(telling("panic: no key\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:4 +0x1\nexit status 2\n"),
            "panic: no key");
  EXPECT_EQ(telling("npm error 404 Not Found - GET x\nnpm error A complete log of this run is in: y\n"),
            "npm error 404 Not Found - GET x");
  EXPECT_EQ(telling("  indented\n\n"), "  indented");
  EXPECT_EQ(telling("starting\nlicence is missing\n"), "licence is missing");
}

TEST(StderrRing, ShowsTheLinesOfTheNewestProcessThatSpoke) {
  StderrRing ring;
  ring.append("first\n");
  ring.begin_process();
  EXPECT_EQ(ring.last_lines(5), "first");
  ring.append("second\n");
  EXPECT_EQ(ring.last_lines(5), "second");
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
