#include "observe/internal/log_buffer.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.hpp"

namespace weir::observe {
namespace {

std::string drained(LogBuffer& buffer) {
  std::string out;
  buffer.drain(out);
  return out;
}

TEST(LogBuffer, GivesLinesBackInOrderWhateverTheirLevel) {
  LogBuffer buffer(64 * 1024);
  buffer.push(Level::info, "1");
  buffer.push(Level::error, "2");
  buffer.push(Level::debug, "3");
  buffer.push(Level::warn, "4");
  buffer.push(Level::info, "5");
  EXPECT_EQ(drained(buffer), "12345");
  EXPECT_TRUE(buffer.empty());
}

TEST(LogBuffer, AFloodOfCallsDropsTheOldestOfThemAndNoError) {
  LogBuffer buffer(64 * 1024);
  std::string const line(1000, 'x');
  EXPECT_EQ(buffer.push(Level::error, "the cause\n"), 0U);
  std::size_t dropped = 0;
  for (int i = 0; i < 200; ++i) dropped += buffer.push(Level::info, std::to_string(i) + line + "\n");
  auto const out = drained(buffer);
  EXPECT_EQ(out.substr(0, 10), "the cause\n");
  EXPECT_LE(out.size(), 48U * 1024 + 10);
  EXPECT_EQ(dropped + static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) - 1, 200U);
  EXPECT_EQ(out.find(std::to_string(dropped) + "xxx"), 10U)
      << "the first line left is the one behind those dropped";
  EXPECT_NE(out.find("199xxx"), std::string::npos);
}

TEST(LogBuffer, SaysWhenItIsHalfFull) {
  LogBuffer buffer(64 * 1024);
  std::string const line(1024 - 16, 'x');
  for (int i = 0; i < 24; ++i) buffer.push(Level::info, line);
  EXPECT_FALSE(buffer.half_full());
  buffer.push(Level::info, line);
  EXPECT_TRUE(buffer.half_full());
  drained(buffer);
  EXPECT_FALSE(buffer.half_full());
}

TEST(LineRing, ALineLargerThanTheRingIsDroppedItself) {
  LineRing ring(100);
  EXPECT_EQ(ring.push(0, std::string(84, 'a')), 0U);
  EXPECT_EQ(ring.push(1, std::string(85, 'b')), 1U);
  std::string out;
  ring.pop_to(out);
  EXPECT_EQ(out, std::string(84, 'a'));
}

// A model (a deque) against the ring over random lines, with many wraps.
TEST(LineRing, AgreesWithADequeOverRandomTraces) {
  base::SeededRandom random(11);
  LineRing ring(1000);
  std::deque<std::string> model;
  std::uint64_t sequence = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random.below(3) > 0) {
      std::string const line = random.token(random.below(60));
      for (auto dropped = ring.push(sequence++, line); dropped > 0; --dropped) model.pop_front();
      model.push_back(line);
    } else if (!model.empty()) {
      ASSERT_EQ(ring.first_sequence(), sequence - model.size());
      std::string out;
      ring.pop_to(out);
      ASSERT_EQ(out, model.front());
      model.pop_front();
    }
    ASSERT_EQ(ring.empty(), model.empty());
    ASSERT_LE(ring.bytes(), 1000U);
  }
}

}  // namespace
}  // namespace weir::observe
