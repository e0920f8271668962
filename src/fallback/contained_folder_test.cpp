#include "fallback/contained_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fallback/backup_folder_rig_test.hpp"

namespace weir::fallback {
namespace {

namespace fs = std::filesystem;
using Resolver = ContainedFolder::Resolver;

struct ContainedFolderTest : testing::TestWithParam<Resolver> {
  TempFolder temp;
  ContainedFolder folder{temp.path / "backup", GetParam()};
  ContainedFolderTest() {
    temp.write("secret.md", "secret");
    temp.write("backup/a.md", "A");
    temp.write("backup/sub/b.md", "B");
  }
  std::string text(std::string_view name, std::size_t most = 100) const {
    auto const read = read_regular(folder.enter().open(name), most);
    return read ? read->text : "-";
  }
};
INSTANTIATE_TEST_SUITE_P(Both, ContainedFolderTest, testing::Values(Resolver::kernel, Resolver::walk));

TEST_P(ContainedFolderTest, ReadsWhatIsInside) {
  EXPECT_EQ(text("a.md"), "A");
  EXPECT_EQ(text("sub/b.md"), "B");
  EXPECT_EQ(text("sub/none.md"), "-");
}

TEST_P(ContainedFolderTest, OpensNothingOutsideWhateverTheNameSays) {
  auto const outside = temp.path / "secret.md";
  fs::create_symlink("../secret.md", temp.path / "backup/up.md");
  fs::create_symlink(outside, temp.path / "backup/absolute.md");
  fs::create_directory_symlink("..", temp.path / "backup/parent");
  fs::create_directory_symlink(temp.path, temp.path / "backup/sub/root");
  fs::create_directory_symlink("/proc/self", temp.path / "backup/proc");
  for (std::string const& name :
       {std::string("../secret.md"), std::string("sub/../../secret.md"), outside.string(),
        std::string("up.md"), std::string("absolute.md"), std::string("parent/secret.md"),
        std::string("sub/root/secret.md"), std::string("proc/environ"), std::string("proc/cwd"),
        std::string("../secret.md\0.md", 16), std::string("..")}) {
    EXPECT_EQ(text(name), "-") << name;
  }
}

TEST_P(ContainedFolderTest, LinksThatStayInsideAreFollowedWhereTheKernelWatches) {
  fs::create_symlink("sub/b.md", temp.path / "backup/inside.md");
  EXPECT_EQ(text("inside.md"), GetParam() == Resolver::kernel ? "B" : "-");
}

TEST_P(ContainedFolderTest, ReadsRegularFilesUpToTheLimitOnly) {
  ASSERT_EQ(::mkfifo((temp.path / "backup/pipe").c_str(), 0600), 0);
  EXPECT_EQ(text("pipe"), "-") << "and it does not wait for a writer";
  EXPECT_EQ(text("sub"), "-");
  temp.write("backup/full.md", std::string(100, 'x'));
  temp.write("backup/over.md", std::string(101, 'x'));
  EXPECT_EQ(text("full.md").size(), 100U);
  EXPECT_EQ(text("over.md"), "-");
}

TEST_P(ContainedFolderTest, AFolderThatIsMissingIsFoundOnceItIsThere) {
  fs::rename(temp.path / "backup", temp.path / "away");
  EXPECT_FALSE(folder.enter());
  EXPECT_EQ(text("a.md"), "-");
  fs::rename(temp.path / "away", temp.path / "backup");
  EXPECT_EQ(text("a.md"), "A");
}

TEST_P(ContainedFolderTest, ListsFilesAndFoldersSortedWithoutHiddenOnesAndLinks) {
  temp.write("backup/.env", "x");
  temp.write("backup/0.md", "x");
  fs::create_symlink("a.md", temp.path / "backup/link.md");
  bool more = false;
  auto const opened = folder.enter();
  for (int round = 0; round < 2; ++round) {
    auto const all = opened.list("", 3, more);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_FALSE(more);
    EXPECT_EQ(all[0].name, "0.md");
    EXPECT_EQ(all[1].name, "a.md");
    EXPECT_TRUE(all[2].name == "sub" && all[2].folder);
  }
  EXPECT_EQ(opened.list("", 2, more).size(), 2U);
  EXPECT_TRUE(more);
  EXPECT_EQ(opened.list("..", 9, more).size(), 0U);
  EXPECT_TRUE(opened.has_folder("sub"));
  EXPECT_FALSE(opened.has_folder("a.md"));
  EXPECT_FALSE(opened.has_folder("../backup"));
}

}  // namespace
}  // namespace weir::fallback
