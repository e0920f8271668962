#include "store/put_queue.hpp"

#include <gtest/gtest.h>

namespace weir::store {
namespace {

Put put_of(std::string text) {
  Put put;
  put.answer.bytes = std::move(text);
  return put;
}

TEST(PutQueue, DropsTheOldestAboveItsEntries) {
  PutQueue queue(2, 1'000'000);
  EXPECT_EQ(queue.push(put_of("a")), 0U);
  EXPECT_EQ(queue.push(put_of("b")), 0U);
  EXPECT_EQ(queue.push(put_of("c")), 1U);
  auto const taken = queue.take(10, 1'000'000);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].answer.bytes, "b");
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(PutQueue, DropsTheOldestAboveItsBytesAndTakesNothingLargerThanItself) {
  auto const one = put_of(std::string(1'000, 'x')).bytes();
  PutQueue queue(100, 2 * one);
  EXPECT_EQ(queue.push(put_of(std::string(1'000, 'x'))), 0U);
  EXPECT_EQ(queue.push(put_of(std::string(1'000, 'y'))), 0U);
  EXPECT_EQ(queue.bytes(), 2 * one);
  EXPECT_EQ(queue.push(put_of("z")), 1U);
  EXPECT_EQ(queue.push(put_of(std::string(1'000 + one, 'x'))), 2U);
  EXPECT_EQ(queue.push(put_of(std::string(1'001 + one, 'x'))), 1U);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(PutQueue, GivesBatchesOfAtLeastOne) {
  PutQueue queue(10, 1'000'000);
  for (int i = 0; i < 4; ++i) queue.push(put_of(std::string(1'000, 'x')));
  EXPECT_EQ(queue.take(10, 1).size(), 1U);
  EXPECT_EQ(queue.take(2, 1'000'000).size(), 2U);
  EXPECT_EQ(queue.take(10, 1'000'000).size(), 1U);
  EXPECT_TRUE(queue.take(10, 1'000'000).empty());
}

}  // namespace
}  // namespace weir::store
