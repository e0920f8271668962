#include "observe/internal/current_mask.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace weir::observe {
namespace {

Mask mask_with(std::shared_ptr<int> held) {
  return [held = std::move(held)](std::string& text) { text = std::to_string(*held); };
}

std::string masked(CurrentMask& by) {
  std::string text;
  (*CurrentMask::Use(by))(text);
  return text;
}

TEST(CurrentMask, AReplacedOneIsDestroyedAtOnceWhenNobodyUsesIt) {
  auto const held = std::make_shared<int>(1);
  CurrentMask mask(mask_with(held));
  EXPECT_EQ(masked(mask), "1");
  mask.replace(mask_with(std::make_shared<int>(2)));
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(masked(mask), "2");
}

TEST(CurrentMask, OneInUseLivesOnAndGoesWithALaterReplacement) {
  auto const held = std::make_shared<int>(1);
  CurrentMask mask(mask_with(held));
  std::optional<CurrentMask::Use> use(std::in_place, mask);
  mask.replace({});
  std::string text;
  (**use)(text);
  EXPECT_EQ(text, "1");
  use.reset();
  mask.replace({});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(CurrentMask, OneInUseGoesWithoutAReplacementToo) {
  auto const held = std::make_shared<int>(1);
  CurrentMask mask(mask_with(held));
  std::optional<CurrentMask::Use> use(std::in_place, mask);
  mask.replace(mask_with(std::make_shared<int>(2)));
  mask.tidy();
  EXPECT_EQ(held.use_count(), 2) << "in use";
  use.reset();
  mask.tidy();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(masked(mask), "2");
}

TEST(CurrentMask, IsReplacedWhileThreadsUseIt) {
  CurrentMask mask(mask_with(std::make_shared<int>(7)));
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!over) EXPECT_EQ(masked(mask), "7");
    });
  }
  for (int i = 0; i < 2000; ++i) mask.replace(mask_with(std::make_shared<int>(7)));
  over = true;
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace weir::observe
