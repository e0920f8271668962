#include "observe/trace_context.hpp"

#include <gtest/gtest.h>

namespace weir::observe {
namespace {

constexpr std::string_view kSample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, ReadsAndWritesTheSameText) {
  auto const context = TraceContext::parse(kSample);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id(), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->format(), kSample);
}

// P119: ignored, never refused.
TEST(TraceContext, ReadsMalformedTextAsNoContext) {
  std::string const good(kSample);
  auto const with = [&good](std::size_t at, std::string_view text) {
    std::string bad = good;
    bad.replace(at, text.size(), text);
    return bad;
  };
  std::vector<std::string> const malformed{
      "",
      "garbage",
      good.substr(0, 54),
      good + "0",
      good + "-00",
      good + " ",
      " " + good,
      with(0, "ff"),
      with(0, "0g"),
      with(2, "_"),
      with(35, "_"),
      with(52, "_"),
      with(3, "4BF9"),
      with(3, "00000000000000000000000000000000"),
      with(36, "0000000000000000"),
      with(36, "g"),
      with(53, "0x"),
      with(0, "01") + "x",
  };
  for (auto const& text : malformed) EXPECT_FALSE(TraceContext::parse(text)) << text;
}

TEST(TraceContext, ReadsALaterVersionAsVersionZero) {
  std::string later(kSample);
  later.replace(0, 2, "cc");
  later.replace(53, 2, "0b");
  for (auto const& text : {later, later + "-what-the-future-brings"}) {
    auto const context = TraceContext::parse(text);
    ASSERT_TRUE(context) << text;
    EXPECT_EQ(context->format(), kSample) << "only the flags that version 00 knows are passed on";
  }
}

TEST(TraceContext, AChildKeepsTraceAndFlagsAndGetsItsOwnSpan) {
  base::SeededRandom random(3);
  auto const parent = *TraceContext::parse(kSample);
  auto const child = parent.child(random);
  EXPECT_EQ(child.trace_id(), parent.trace_id());
  EXPECT_NE(child.span_id(), parent.span_id());
  EXPECT_TRUE(child.sampled());
  EXPECT_EQ(TraceContext::parse(child.format()), child);
}

TEST(TraceContext, AnIdIsNeverAllZero) {
  struct ZerosFirst final : base::Random {
    int calls = 0;
    void fill(std::span<unsigned char> out) override {
      std::fill(out.begin(), out.end(), static_cast<unsigned char>(calls++ % 2));
    }
  } random;
  auto const context = TraceContext::start(random, false);
  EXPECT_TRUE(TraceContext::parse(context.format()));
  EXPECT_FALSE(context.sampled());
  EXPECT_EQ(random.calls, 4);
}

}  // namespace
}  // namespace weir::observe
