#include "observe/internal/repeat_folder.hpp"

#include <gtest/gtest.h>

namespace weir::observe {
namespace {

using namespace std::chrono_literals;

struct RepeatFolderTest : testing::Test {
  base::TimePoint now{1000h};
  RepeatFolder folder{10s};
  bool admit(std::string_view msg, std::string_view server = "a", std::string_view event = "upstream.exit") {
    return folder.admit(now, Level::warn, event, msg, server);
  }
};

TEST_F(RepeatFolderTest, TheFirstIsLetThroughAndRepeatsAreCounted) {
  EXPECT_TRUE(admit("gone"));
  EXPECT_FALSE(folder.counting());
  for (int i = 0; i < 312; ++i) EXPECT_FALSE(admit("gone"));
  EXPECT_TRUE(folder.counting());
  now += 10s - 1ns;
  EXPECT_TRUE(folder.take_due(now).empty());
  now += 1ns;
  auto const due = folder.take_due(now);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].repeats, 312U);
  EXPECT_EQ(due[0].msg, "gone");
  EXPECT_EQ(due[0].level, Level::warn);
  EXPECT_FALSE(folder.counting());
  EXPECT_TRUE(admit("gone")) << "a new window begins";
}

TEST_F(RepeatFolderTest, EventsThatDifferInIdMessageOrServerAreNotEqual) {
  EXPECT_TRUE(admit("gone"));
  EXPECT_TRUE(admit("back"));
  EXPECT_TRUE(admit("gone", "b"));
  EXPECT_TRUE(admit("gone", "a", "upstream.start"));
  EXPECT_FALSE(admit("gone"));
}

TEST_F(RepeatFolderTest, AWindowWithoutRepeatsEndsSilently) {
  EXPECT_TRUE(admit("gone"));
  now += 10s;
  EXPECT_TRUE(admit("gone"));
  EXPECT_FALSE(admit("gone"));
  EXPECT_TRUE(folder.take_due(now).empty());
  now += 10s;
  EXPECT_EQ(folder.take_due(now).size(), 1U);
}

TEST_F(RepeatFolderTest, BeyondTheLastWindowEverythingIsLetThrough) {
  for (std::size_t i = 0; i < RepeatFolder::kWindowsMax; ++i) EXPECT_TRUE(admit(std::to_string(i)));
  EXPECT_TRUE(admit("one more"));
  EXPECT_TRUE(admit("one more"));
  EXPECT_FALSE(admit("0"));
  now += 10s;
  EXPECT_TRUE(admit("one more"));
  EXPECT_FALSE(admit("one more")) << "windows that ended make room";
  EXPECT_EQ(folder.take_due(now).size(), 1U) << "but none with a count is lost";
}

TEST_F(RepeatFolderTest, TheEndOfTheProcessTakesEveryCount) {
  admit("gone");
  admit("gone");
  EXPECT_EQ(folder.take_all().size(), 1U);
}

}  // namespace
}  // namespace weir::observe
