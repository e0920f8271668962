#include "base/shell_word.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(ShellWord, IsPlainWhereAShellFindsNothingInIt) {
  EXPECT_EQ(shell_word("repo:read"), "repo:read");
  EXPECT_EQ(shell_word("https://s.test/a.b"), "https://s.test/a.b");
  EXPECT_EQ(shell_word("--all"), "--all");
}

TEST(ShellWord, IsOneWordWhateverIsInIt) {
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(shell_word("a'b"), R"('a'\''b')");
  EXPECT_EQ(shell_word("a;b"), "'a;b'");
  EXPECT_EQ(shell_word("a b #"), "'a b #'");
  EXPECT_EQ(shell_word("a\nb"), "'a\nb'");
  EXPECT_EQ(shell_word("=ls"), "'=ls'");
  EXPECT_EQ(shell_word("~"), "'~'");
}

}  // namespace
}  // namespace weir::base
