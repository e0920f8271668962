#include "app/state_folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::app {
namespace {

class StateFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "weir-state-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(StateFolder, OneThatIsThereOrCanBeMadeIsFine) {
  EXPECT_EQ(why_unwritable(folder_), "");
  EXPECT_EQ(why_unwritable(folder_ + "/not/yet/weir"), "");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/not"));
}

TEST_F(StateFolder, OneThatCannotBeWrittenSaysWhy) {
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_EQ(why_unwritable(folder_ + "/file"), "Not a directory");
  EXPECT_EQ(why_unwritable(folder_ + "/file/weir"), "Not a directory");
  if (::geteuid() == 0) return;  // who may write everywhere
  std::filesystem::permissions(folder_, std::filesystem::perms(0500));
  EXPECT_EQ(why_unwritable(folder_), "Permission denied");
  EXPECT_EQ(why_unwritable(folder_ + "/weir"), "Permission denied");
  std::filesystem::permissions(folder_, std::filesystem::perms(0700));
}

TEST_F(StateFolder, TheWordsNameTheFolderTheReasonTheLossAndTheCure) {
  EXPECT_EQ(
      unwritable_words("/srv/weir", "Permission denied", "nothing is kept"),
      "the state folder /srv/weir cannot be written (Permission denied): nothing is kept; let this user "
      "write to it, or name another one with STATE_DIRECTORY or XDG_STATE_HOME");
}

}  // namespace
}  // namespace weir::app
