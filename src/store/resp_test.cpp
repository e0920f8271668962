#include "store/resp.hpp"

#include <gtest/gtest.h>

namespace weir::store {
namespace {

using Kind = RespValue::Kind;
using Step = RespReader::Step;

std::string shown(RespValue const& value) {
  switch (value.kind) {
    case Kind::nil: return "nil";
    case Kind::status: return "+" + value.text;
    case Kind::error: return "-" + value.text;
    case Kind::number: return ":" + std::to_string(value.number);
    case Kind::text: return "'" + value.text + "'";
    case Kind::list: break;
  }
  std::string out = "[";
  for (auto const& item : value.items) out += shown(item) + " ";
  return out + "]";
}

// All replies in `bytes`, fed in pieces of `piece`; ends with "!" where the reader gives up.
std::string read(std::string_view bytes, std::size_t piece = 1, RespLimits limits = {}) {
  RespReader reader(limits);
  std::string out;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    RespValue value;
    for (;;) {
      auto const step = reader.next(value);
      if (step == Step::need_more) break;
      if (step == Step::broken) return out + "!";
      out += shown(value);
    }
  }
  return out;
}

TEST(Resp, ReadsEveryKindInPiecesOfAnySize) {
  std::string_view const all =
      "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nb\r\r\n*-1\r\n*0\r\n"
      "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+y\r\n";
  std::string const told = "+OK-ERR no:-7nil'''a\r\nb\r'nil[][:1 ['x' nil ] +y ]";
  for (std::size_t piece = 1; piece <= all.size(); ++piece) EXPECT_EQ(read(all, piece), told) << piece;
}

TEST(Resp, GivesUpOnWhatIsNotTheProtocol) {
  for (auto const* const text : {"HTTP/1.1 200 OK\r\n", "?1\r\n", ":12x\r\n", "$x\r\n", "*y\r\n",
                                 "$3\r\nabcd\r\n", "%1\r\n+a\r\n+b\r\n", "\r\n"}) {
    auto const told = read(std::string(text) + "+more\r\n+and more\r\n");
    EXPECT_EQ(told.back(), '!') << text << " gave " << told;
  }
}

TEST(Resp, StaysBrokenOnceItIs) {
  RespReader reader;
  reader.feed("nonsense\r\n");
  RespValue value;
  EXPECT_EQ(reader.next(value), Step::broken);
  reader.feed("+OK\r\n");
  EXPECT_EQ(reader.next(value), Step::broken);
  EXPECT_FALSE(reader.problem().empty());
}

TEST(Resp, BoundsTheItemsOfAReplyWithoutMakingThemFirst) {
  RespLimits limits;
  limits.items_max = 4;
  EXPECT_EQ(read("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", 3, limits), "[:1 :2 :3 :4 ]");
  EXPECT_EQ(read("*5\r\n", 3, limits), "!");
  EXPECT_EQ(read("*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n", 3, limits), "!");  // all levels together
  EXPECT_EQ(read("*2147483647\r\n"), "!");
  EXPECT_EQ(read("*1\r\n:1\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", 3, limits), "[:1 ][:1 :1 :1 :1 ]");
}

TEST(Resp, BoundsTheBytesOfAReplyWhileItComes) {
  RespLimits limits;
  limits.bytes_max = 100;
  EXPECT_EQ(read("$100\r\n" + std::string(100, 'x') + "\r\n", 7, limits), "'" + std::string(100, 'x') + "'");
  EXPECT_EQ(read("$101\r\n" + std::string(101, 'x') + "\r\n", 7, limits), "!");
  EXPECT_EQ(read("$9999999\r\n" + std::string(200, 'x'), 7, limits), "!");  // before it is whole
  auto const sixty = "$60\r\n" + std::string(60, 'x') + "\r\n";
  EXPECT_EQ(read("*2\r\n" + sixty + sixty, 7, limits), "!");
}

TEST(Resp, BoundsTheDepthOfAReply) {
  auto const nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "*1\r\n";
    return text + ":1\r\n";
  };
  RespLimits limits;
  limits.depth_max = 3;
  EXPECT_EQ(read(nested(3), 5, limits), "[[[:1 ] ] ]");
  EXPECT_EQ(read(nested(4), 5, limits), "!");
  EXPECT_EQ(read(nested(7)).back(), ']');
  EXPECT_EQ(read(nested(9)), "!");
  EXPECT_EQ(read(nested(5000)), "!");
}

TEST(Resp, BoundsALineThatNeverEnds) {
  RespLimits limits;
  limits.line_max = 50;
  EXPECT_EQ(read("+" + std::string(40, 'x') + "\r\n", 9, limits), "+" + std::string(40, 'x'));
  EXPECT_EQ(read("+" + std::string(60, 'x'), 9, limits), "!");
  EXPECT_EQ(read("$" + std::string(60, '1'), 9, limits), "!");
  EXPECT_EQ(read("*1\r\n-" + std::string(60, 'x'), 9, limits), "!");
}

TEST(Resp, WritesCommandsThatMayHoldAnyBytes) {
  using namespace std::string_view_literals;
  EXPECT_EQ(resp_command({"SET", "a b", "\r\n\0"sv, ""}),
            "*4\r\n$3\r\nSET\r\n$3\r\na b\r\n$3\r\n\r\n\0\r\n$0\r\n\r\n"sv);
}

}  // namespace
}  // namespace weir::store
