#include "app/status_command.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(StatusCommand, ATerminalShowsOneLookAndAPipeAllOfThem) {
  EXPECT_EQ(watched("a\n", true, true), "\x1b[H\x1b[2Ja\n");
  EXPECT_EQ(watched("b\n", false, true), "\x1b[H\x1b[2Jb\n");
  EXPECT_EQ(watched("a\n", true, false) + watched("b\n", false, false), "a\n\nb\n");
}

}  // namespace
}  // namespace weir::app
