#include "base/shell_word.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(ShellWord, IsOneWordWhateverIsInIt) {
  EXPECT_EQ(shell_word("repo:read"), "repo:read");
  EXPECT_EQ(shell_word("https://s.test/a.b"), "https://s.test/a.b");
  EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(shell_word("a'b"), R"('a'\''b')");
  EXPECT_EQ(shell_word("a;b"), "'a;b'");
  EXPECT_EQ(shell_word("--all"), "'--all'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(ShellWord, PlainIsWhatNeedsNoQuotesAndIsNoOption) {
  EXPECT_TRUE(is_plain_word("get_file-2"));
  for (auto const* const text : {"", "--all", "-h", "a b", "add; reboot", "`id`", "$HOME", "a\nb", "\u200b"})
    EXPECT_FALSE(is_plain_word(text)) << text;
}

}  // namespace
}  // namespace weir::base
