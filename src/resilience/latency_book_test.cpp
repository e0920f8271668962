#include "resilience/latency_book.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

TEST(LatencySketch, SaysNothingBeforeTwentyCalls) {
  LatencySketch sketch;
  for (int i = 0; i < 19; ++i) sketch.add(10ms);
  EXPECT_FALSE(sketch.quantile(0.95));
  sketch.add(10ms);
  EXPECT_TRUE(sketch.quantile(0.95));
}

TEST(LatencySketch, IsRightToAFifth) {
  for (base::Duration const took : {base::Duration(200us), base::Duration(1ms), base::Duration(37ms),
                                    base::Duration(1s), base::Duration(60s)}) {
    LatencySketch sketch;
    for (int i = 0; i < 95; ++i) sketch.add(took);
    for (int i = 0; i < 5; ++i) sketch.add(80s);
    EXPECT_GE(*sketch.quantile(0.95), took - 1us);
    EXPECT_LE(*sketch.quantile(0.95), took + took / 5);
    EXPECT_GE(*sketch.quantile(1.0), 79s);
  }
}

TEST(LatencySketch, ForgetsWhatIsLongAgo) {
  LatencySketch sketch;
  for (int i = 0; i < 500; ++i) sketch.add(10s);
  for (int i = 0; i < 10'000; ++i) sketch.add(10ms);
  EXPECT_LE(*sketch.quantile(0.95), 12ms);
}

TEST(LatencySketch, TakesAnyTime) {
  LatencySketch sketch;
  for (int i = 0; i < 10; ++i) sketch.add(base::Duration::zero());
  for (int i = 0; i < 10; ++i) sketch.add(24h);
  EXPECT_LE(*sketch.quantile(0.5), 1ms);
  EXPECT_GE(*sketch.quantile(0.95), 60s);
}

TEST(LatencyBook, KeepsToolsApart) {
  LatencyBook book;
  core::Call one(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})")));
  one.target = "search";
  core::Call other(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"ping"})")));
  EXPECT_NE(&book.of(one), &book.of(other));
  EXPECT_EQ(&book.of(one), &book.of(one));
}

}  // namespace
}  // namespace weir::resilience
