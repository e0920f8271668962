#include "net/side_thread.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace weir::net {
namespace {

TEST(SideThread, WorkRunsInOrderOnAnotherThread) {
  SideThread side;
  std::vector<int> done;
  std::promise<std::thread::id> last;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(side.give([&done, i] { done.push_back(i); }));
  ASSERT_TRUE(side.give([&last] { last.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(last.get_future().get(), std::this_thread::get_id());
  ASSERT_EQ(done.size(), 100U);
  EXPECT_EQ(done.back(), 99);
}

TEST(SideThread, MoreThanSoMuchIsRefused) {
  std::promise<void> begun;
  std::promise<void> go_on;
  SideThread side;
  ASSERT_TRUE(side.give([&] {
    begun.set_value();
    go_on.get_future().wait();
  }));
  begun.get_future().wait();
  for (std::size_t i = 0; i < SideThread::kWaitingMax; ++i) ASSERT_TRUE(side.give([] {}));
  EXPECT_FALSE(side.give([] {}));
  go_on.set_value();
}

}  // namespace
}  // namespace weir::net
