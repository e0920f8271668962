#include "upstream/line_writer.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"

namespace weir::upstream {
namespace {

std::string read_all(net::Stream& stream) {
  std::string out;
  std::array<char, 7> buffer;
  for (;;) {
    auto const got = stream.read(buffer);
    if (got.state != net::IoState::moved) return out;
    out.append(buffer.data(), got.bytes);
  }
}

void write(LineWriter& writer, std::string a, std::string b) {
  std::array<iovec, 2> const pieces{iovec{a.data(), a.size()}, iovec{b.data(), b.size()}};
  writer.write(pieces);  // the texts die here: the writer may not need them any more
}

TEST(LineWriter, WritesStraightThroughWhileTheChildReads) {
  base::VirtualLoop loop;
  auto [near, far] = net::make_pipe(loop);
  LineWriter writer(loop, *near);
  write(writer, "{\"a\":", "1}");
  EXPECT_TRUE(writer.idle());
  EXPECT_TRUE(writer.drained().is_set());
  EXPECT_EQ(read_all(*far), "{\"a\":1}\n");
}

TEST(LineWriter, FinishesALineThatDidNotFitWhateverThePipeTakes) {  // P052
  for (std::size_t capacity = 1; capacity < 14; ++capacity) {
    base::VirtualLoop loop;
    auto [near, far] = net::make_pipe(loop, capacity);
    LineWriter writer(loop, *near);
    write(writer, "abcdef", "ghijkl");
    if (!writer.idle()) {
      EXPECT_TRUE(writer.waiting().is_set());
      EXPECT_TRUE(writer.write_small("small"));
    } else {
      writer.write_small("small");
    }
    std::string seen = read_all(*far);
    for (int i = 0; i < 50; ++i) {
      writer.flush();
      seen += read_all(*far);
    }
    EXPECT_EQ(seen, "abcdefghijkl\nsmall\n") << capacity;
    EXPECT_TRUE(writer.idle());
  }
}

TEST(LineWriter, BoundsTheSmallLinesThatWait) {
  base::VirtualLoop loop;
  auto [near, far] = net::make_pipe(loop, 4);
  LineWriter writer(loop, *near);
  write(writer, "long ", "line");
  std::size_t taken = 0;
  while (taken < 10'000 && writer.write_small(std::string(1023, 'x'))) ++taken;
  EXPECT_EQ(taken, LineWriter::kSmallBytesMax / 1024);
}

TEST(LineWriter, GoesQuietWhenTheChildClosesItsStdin) {
  base::VirtualLoop loop;
  auto [near, far] = net::make_pipe(loop, 4);
  LineWriter writer(loop, *near);
  write(writer, "long ", "line");
  far.reset();
  writer.flush();
  EXPECT_TRUE(writer.closed());
  EXPECT_TRUE(writer.drained().is_set()) << "whoever waits for a turn must see the end";
  write(writer, "a", "b");
  EXPECT_TRUE(writer.idle());
}

}  // namespace
}  // namespace weir::upstream
