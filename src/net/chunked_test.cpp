#include "net/chunked.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::net {
namespace {

using State = ChunkedDecoder::Step::State;

struct Decoded {
  std::string payload;
  std::string rest;  // behind the end of the body
  int status = 0;
  bool done = false;

  bool operator==(Decoded const&) const = default;
};

Decoded decode(std::vector<std::string_view> const& inputs, HttpLimits const& limits = {}) {
  ChunkedDecoder decoder{limits};
  Decoded out;
  for (std::string_view input : inputs) {
    while (!input.empty()) {
      ChunkedDecoder::Step const step = decoder.next(input);
      EXPECT_LE(step.consumed, input.size());
      EXPECT_TRUE(step.consumed != 0 || step.state == State::done) << "no progress";
      if (step.state == State::payload) {
        EXPECT_GE(step.payload.data(), input.data());
        EXPECT_LE(step.payload.data() + step.payload.size(), input.data() + step.consumed);
        out.payload += step.payload;
      }
      out.status = step.refusal.status;
      input.remove_prefix(step.consumed);
      if (step.state == State::bad) return out;
      if (step.state == State::done) {
        out.done = true;
        out.rest += input;
        break;
      }
      EXPECT_TRUE(step.state != State::need_more || input.empty());
    }
  }
  return out;
}

TEST(ChunkedDecoder, JoinsPayloadAndLeavesTheNextMessageAlone) {
  Decoded const out = decode({"5;a=b\r\nhello\r\nB\r\n, world\r\n..\r\n0\r\nX: y\r\n\r\nGET /"});
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.payload, "hello, world\r\n..");
  EXPECT_EQ(out.rest, "GET /");
}

TEST(ChunkedDecoder, GivesTheSameForEverySplitInThree) {
  std::string_view const body = "3;x\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: v\r\n\r\nrest";
  Decoded const whole = decode({body});
  ASSERT_TRUE(whole.done);
  for (std::size_t i = 0; i <= body.size(); ++i) {
    for (std::size_t j = i; j <= body.size(); ++j) {
      ASSERT_EQ(decode({body.substr(0, i), body.substr(i, j - i), body.substr(j)}), whole) << i << ' ' << j;
    }
  }
}

TEST(ChunkedDecoder, HoldsTheBodyLimitOnBothSides) {
  HttpLimits limits;
  limits.body_bytes_max = 10;
  EXPECT_TRUE(decode({"5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"}, limits).done);
  EXPECT_EQ(decode({"5\r\nhello\r\n6\r\n"}, limits).status, 413);
  EXPECT_EQ(decode({"b\r\n"}, limits).status, 413);
}

TEST(ChunkedDecoder, HoldsTheChunkSizeLimitOnBothSides) {
  HttpLimits limits;
  limits.body_bytes_max = UINT64_MAX;
  EXPECT_EQ(decode({"80000000\r\n"}, limits).status, 0);
  EXPECT_EQ(decode({"80000001\r\n"}, limits).status, 413);
  EXPECT_EQ(decode({"080000000\r\n"}, limits).status, 400);
}

TEST(ChunkedDecoder, HoldsExtensionAndTrailerLimitsOnBothSides) {
  HttpLimits limits;
  limits.chunk_extension_bytes_max = 4;
  limits.trailer_bytes_max = 6;
  EXPECT_TRUE(decode({"1;abc\r\nx\r\n0\r\n\r\n"}, limits).done);
  EXPECT_EQ(decode({"1;abcd\r\nx\r\n0\r\n\r\n"}, limits).status, 400);
  EXPECT_EQ(decode({"1;ab\r\nx\r\n0;a\r\n\r\n"}, limits).status, 400);  // all of one body together
  EXPECT_TRUE(decode({"0\r\nA: b\r\n\r\n"}, limits).done);
  EXPECT_EQ(decode({"0\r\nA: bc\r\n\r\n"}, limits).status, 431);
  limits.chunk_extension_bytes_max = 0;
  EXPECT_EQ(decode({"1;\r\nx\r\n0\r\n\r\n"}, limits).status, 400);
}

TEST(ChunkedDecoder, StaysRefusedAndStaysDone) {
  HttpLimits const limits;
  ChunkedDecoder bad{limits};
  EXPECT_EQ(bad.next("x").state, State::bad);
  EXPECT_EQ(bad.next("0\r\n\r\n").state, State::bad);
  ChunkedDecoder done{limits};
  EXPECT_EQ(done.next("0\r\n\r\n").state, State::done);
  EXPECT_TRUE(done.done());
  EXPECT_EQ(done.next("5\r\n").consumed, 0U);
}

TEST(ChunkHeader, IsWhatTheDecoderReads) {
  EXPECT_EQ(ChunkHeader{1}.text(), "1\r\n");
  EXPECT_EQ(ChunkHeader{0xabcdef}.text(), "abcdef\r\n");
  EXPECT_EQ(ChunkHeader{SIZE_MAX}.text(), "ffffffffffffffff\r\n");
  for (std::size_t size : {1U, 15U, 16U, 255U, 4096U, 70000U}) {
    std::string const payload(size, 'p');
    std::string body{ChunkHeader{size}.text()};
    body.append(payload).append(kChunkEnd).append(kLastChunk);
    Decoded const out = decode({body});
    EXPECT_TRUE(out.done);
    EXPECT_EQ(out.payload, payload);
  }
}

}  // namespace
}  // namespace weir::net
