#include "store/store_secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <vector>

namespace weir::store {
namespace {

namespace fs = std::filesystem;

class StoreSecretFile : public testing::Test {
 protected:
  StoreSecretFile() {
    auto name = (fs::temp_directory_path() / "weir-secret-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~StoreSecretFile() override { fs::remove_all(folder_); }

  auto load(fs::path const& file) { return StoreSecret::load_or_create(file, random_); }
  void write(fs::path const& file, std::string const& text, ::mode_t mode) {
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  base::SystemRandom random_;
  fs::path folder_;
};

::mode_t mode_of(fs::path const& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0);
  return facts.st_mode & 07777;
}

TEST(StoreSecret, GivesEachPurposeAKeyOfItsOwn) {
  auto const secret = StoreSecret::from_text(base::Secret("one"));
  EXPECT_EQ(secret.derive("records"), StoreSecret::from_text(base::Secret("one")).derive("records"));
  EXPECT_NE(secret.derive("records"), secret.derive("index"));
  EXPECT_NE(secret.derive("records"), StoreSecret::from_text(base::Secret("two")).derive("records"));
}

TEST_F(StoreSecretFile, IsMadeOnceForItsOwnerAlone) {
  auto const file = folder_ / "kept" / "secret";
  auto const made = load(file);
  ASSERT_TRUE(made);
  EXPECT_EQ(mode_of(file), 0600U);
  EXPECT_EQ(mode_of(folder_ / "kept"), 0700U);
  EXPECT_EQ(fs::file_size(file), StoreSecret::kBytes);
  auto const again = load(file);
  ASSERT_TRUE(again);
  EXPECT_EQ(made->derive("records"), again->derive("records"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "kept"), {}), 1);
}

TEST_F(StoreSecretFile, IsTheSameForAllWhoStartAtOnce) {
  auto const file = folder_ / "secret";
  std::vector<StoreSecret::Key> keys(8);
  std::vector<std::thread> threads;
  for (auto& key : keys) {
    threads.emplace_back([&key, &file, this] { key = load(file).value().derive("records"); });
  }
  for (auto& thread : threads) thread.join();
  for (auto const& key : keys) EXPECT_EQ(key, keys.front());
  EXPECT_EQ(files(), 1U);
}

TEST_F(StoreSecretFile, IsRefusedWhereOthersMayReadItOrItsSizeIsWrong) {
  auto const file = folder_ / "secret";
  write(file, std::string(32, 'x'), 0600);
  EXPECT_TRUE(load(file));
  write(file, std::string(32, 'x'), 0640);
  auto const open_to_group = load(file);
  ASSERT_FALSE(open_to_group);
  EXPECT_NE(open_to_group.error().detail.find("mode 0640"), std::string::npos);
  EXPECT_NE(open_to_group.error().hint.find("chmod 600 " + file.string()), std::string::npos);
  for (std::size_t const size : {0, 31, 33}) {
    write(file, std::string(size, 'x'), 0600);
    auto const wrong = load(file);
    ASSERT_FALSE(wrong) << size;
    EXPECT_NE(wrong.error().detail.find(file.string()), std::string::npos);
    EXPECT_NE(wrong.error().hint.find("remove"), std::string::npos);
  }
  EXPECT_EQ(fs::file_size(file), 33U);  // nothing is repaired behind the operator's back
}

TEST_F(StoreSecretFile, IsNotFollowedNorKeptWhereOthersMayPutAnother) {
  write(folder_ / "elsewhere", std::string(32, 'x'), 0600);
  fs::create_symlink(folder_ / "elsewhere", folder_ / "secret");
  EXPECT_FALSE(load(folder_ / "secret"));
  fs::create_directory(folder_ / "open");
  ::chmod((folder_ / "open").c_str(), 0777);
  auto const refused = load(folder_ / "open" / "secret");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("chmod go-w"), std::string::npos);
  fs::create_directory(folder_ / "a-folder");
  EXPECT_FALSE(load(folder_ / "a-folder"));
}

}  // namespace
}  // namespace weir::store
