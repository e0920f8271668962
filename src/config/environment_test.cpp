#include "config/environment.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace weir::config {
namespace {

namespace fs = std::filesystem;

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pattern = testing::TempDir() + "weir-environment-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string folder_;
};

TEST_F(DiskTest, WritesWholeFilesThatOnlyTheUserCanRead) {
  DiskEnvironment environment({});
  auto const path = folder_ + "/a/b/trusted.json";
  ASSERT_TRUE(environment.write(path, "one"));
  ASSERT_TRUE(environment.write(path, "two"));
  EXPECT_EQ(*environment.read(path, 100), "two");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_ + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/a/b"), fs::directory_iterator()), 1)
      << "nothing left over";
}

TEST_F(DiskTest, ReadsUpToTheLimitAndNotAByteMore) {
  DiskEnvironment environment({});
  std::ofstream(folder_ + "/f") << "12345";
  EXPECT_EQ(*environment.read(folder_ + "/f", 5), "12345");
  EXPECT_EQ(environment.read(folder_ + "/f", 4).error().fault, base::Fault::too_large);
}

TEST_F(DiskTest, SaysWhyAFileCannotBeRead) {
  DiskEnvironment environment({});
  EXPECT_EQ(environment.read(folder_ + "/none", 5).error().fault, base::Fault::not_found);
  EXPECT_EQ(environment.read(folder_, 5).error().fault, base::Fault::invalid_input);
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(environment.read(folder_ + "/pipe", 5).error().fault, base::Fault::invalid_input)
      << "and does not hang";
  EXPECT_FALSE(environment.exists(folder_ + "/none"));
  EXPECT_TRUE(environment.exists(folder_));
  EXPECT_FALSE(environment.write(folder_ + "/pipe/x", "y"));
}

TEST_F(DiskTest, GlobIsSorted) {
  DiskEnvironment environment({});
  for (auto const* name : {"b.yaml", "a.yaml", "c.txt"}) std::ofstream(folder_ + "/" + name) << "x";
  EXPECT_EQ(environment.glob(folder_ + "/*.yaml"), (std::vector{folder_ + "/a.yaml", folder_ + "/b.yaml"}));
  EXPECT_TRUE(environment.glob(folder_ + "/*.none").empty());
}

TEST(Environment, PathsAreMadeAbsolute) {
  MemoryEnvironment environment;
  environment.vars["HOME"] = "/home/u";
  EXPECT_EQ(environment.absolute("/a"), "/a");
  EXPECT_EQ(environment.absolute("~/a"), "/home/u/a");
  EXPECT_EQ(environment.absolute("a/b"), "/here/a/b");
  EXPECT_EQ(environment.absolute("./a"), "/here/a");
}

TEST(Environment, TheMemoryTwinBehavesLikeTheDisk) {
  MemoryEnvironment environment;
  environment.files["/d/a.yaml"] = environment.files["/d/b.yaml"] = environment.files["/d/e/c.yaml"] = "x";
  EXPECT_TRUE(environment.exists("/d"));
  EXPECT_TRUE(environment.exists("/d/"));
  EXPECT_FALSE(environment.exists("/d/a"));
  EXPECT_EQ(environment.glob("/d/*.yaml"), (std::vector<std::string>{"/d/a.yaml", "/d/b.yaml"}));
  EXPECT_EQ(environment.read("/d/a.yaml", 0).error().fault, base::Fault::too_large);
  EXPECT_EQ(environment.read("/none", 0).error().fault, base::Fault::not_found);
}

}  // namespace
}  // namespace weir::config
