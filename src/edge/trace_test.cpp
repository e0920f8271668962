#include "edge/trace.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

constexpr char kHeader[] = "00-11111111111111111111111111111111-2222222222222222-01";
constexpr char kMeta[] = "00-33333333333333333333333333333333-4444444444444444-00";

struct Traced {
  std::string parent;
  std::string state;
};

Traced traced(std::string const& meta, std::string_view header, std::string_view state = {}) {
  auto message =
      mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{)" + meta + "}}}");
  EXPECT_TRUE(message.has_value());
  core::Call call(std::move(*message));
  base::SeededRandom random{1};
  continue_trace(call, header, state, random);
  return {call.traceparent, call.tracestate};
}

TEST(Trace, ContinuesTheClientsTraceWithASpanOfItsOwn) {
  auto const got = traced("", kHeader, "a=b");
  EXPECT_EQ(got.parent.substr(0, 36), "00-11111111111111111111111111111111-");
  EXPECT_NE(got.parent.substr(36, 16), "2222222222222222");
  EXPECT_EQ(got.parent.substr(52), "-01");
  EXPECT_EQ(got.state, "a=b");
}

TEST(Trace, WhatStandsInTheMessageWinsOverTheHeaders) {
  auto const both = std::string(R"("traceparent":")") + kMeta + R"(","tracestate":"c=d")";
  auto const got = traced(both, kHeader, "a=b");
  EXPECT_EQ(got.parent.substr(3, 32), "33333333333333333333333333333333");
  EXPECT_EQ(got.state, "c=d");
}

TEST(Trace, IgnoresWhatIsMalformedAndBeginsNone) {  // P119
  EXPECT_EQ(traced("", "").parent, "");
  EXPECT_EQ(traced("", "00-zz").parent, "");
  EXPECT_EQ(traced(R"("traceparent":7)", "").parent, "");
  EXPECT_EQ(traced(R"("traceparent":"00-0")", kHeader).parent.substr(3, 4), "1111");
}

TEST(Trace, LeavesAStateOutThatIsTooLong) {
  EXPECT_EQ(traced("", kHeader, std::string(kTraceStateBytesMax, 'x')).state.size(), kTraceStateBytesMax);
  EXPECT_EQ(traced("", kHeader, std::string(kTraceStateBytesMax + 1, 'x')).state, "");
}

}  // namespace
}  // namespace weir::edge
