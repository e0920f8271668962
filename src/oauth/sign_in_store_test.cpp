#include "oauth/sign_in_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace weir::oauth {
namespace {

struct Stored : testing::Test {
  std::string root = testing::TempDir() + "weir_sign_ins_" + std::to_string(::getpid());
  std::string folder = root + "/state/weir/sign-ins";
  SignInStore store{folder};
  KeptSignIn kept;

  Stored() {
    std::filesystem::remove_all(root);
    kept.id = "i-1";
    kept.server = "https://s.test/mcp";
    kept.issuer = "https://i.test";
    kept.token_endpoint = "https://i.test/token";
    kept.refresh_token = base::Secret("refresh-1");
  }
  ~Stored() override { std::filesystem::remove_all(root); }
  static mode_t mode_of(std::string const& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777U;
  }
  std::string id_of(std::string_view server) const {
    auto const read = store.read(server);
    if (!read) return read.error().detail;
    return *read ? (*read)->id : "none";
  }
};

TEST_F(Stored, ASignInIsKeptForItsOwnerAlone) {
  auto const before = ::umask(0);
  EXPECT_TRUE(store.write("web", kept));
  ::umask(before);
  EXPECT_EQ(mode_of(store.path_of("web")), 0600U);
  EXPECT_EQ(mode_of(folder), 0700U);
  EXPECT_EQ(id_of("web"), "i-1");
  EXPECT_EQ(id_of("other"), "none");
  kept.id = "i-2";
  EXPECT_TRUE(store.write("web", kept));
  EXPECT_EQ(id_of("web"), "i-2");
  EXPECT_FALSE(std::filesystem::exists(store.path_of("web") + ".new"));
  EXPECT_TRUE(store.remove("web"));
  EXPECT_TRUE(store.remove("web"));
  EXPECT_EQ(id_of("web"), "none");
}

TEST_F(Stored, APersonsSignInIsTheirsAloneAndNotTheGateways) {
  ASSERT_TRUE(store.write("web", kept));
  for (auto const* person : {"sub:https://i.test|ann", "sub:https://i.test|bob", "key:../../x"}) {
    auto own = kept;
    own.id = own.person = person;
    ASSERT_TRUE(store.write("web", own));
    EXPECT_EQ(mode_of(store.path_of("web", person)), 0600U);
    auto const read = store.read("web", person);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->id, person);
    EXPECT_FALSE(store.stamp("web", person) == store.stamp("web"));
  }
  EXPECT_EQ(mode_of(folder + "/web"), 0700U);
  EXPECT_EQ(id_of("web"), "i-1");
  EXPECT_EQ(store.count_people("web"), 3U);
  EXPECT_EQ(store.count_people("other"), 0U);
  auto people = store.people("web");
  std::sort(people.begin(), people.end());
  EXPECT_EQ(people,
            (std::vector<std::string>{"key:../../x", "sub:https://i.test|ann", "sub:https://i.test|bob"}));
  ASSERT_TRUE(store.remove("web", "key:../../x"));
  EXPECT_EQ(store.count_people("web"), 2U);
  EXPECT_EQ(id_of("web"), "i-1");
}

TEST_F(Stored, PeopleAreRenewedOneAtATimeWithAFewLocksForAll) {
  auto const first = store.try_lease("web", "key:a");
  ASSERT_TRUE(first && *first);
  auto const again = store.try_lease("web", "key:a");
  EXPECT_TRUE(again && !*again);
  auto const own = store.try_lease("web");
  EXPECT_TRUE(own && *own) << "the gateway's own is another one";
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(store.try_lease("web", "key:" + std::to_string(i)));
  std::size_t locks = 0;
  for (auto const& entry : std::filesystem::directory_iterator(folder + "/web"))
    locks += entry.path().extension() == ".lock" ? 1 : 0;
  EXPECT_LE(locks, SignInStore::kLeasesMax);
  EXPECT_EQ(store.count_people("web"), 0U);
}

TEST_F(Stored, AFileThatOthersMayReadIsNotUsed) {
  ASSERT_TRUE(store.write("web", kept));
  for (mode_t const mode : {0640U, 0604U, 0620U, 0610U, 0601U}) {
    ASSERT_EQ(::chmod(store.path_of("web").c_str(), mode), 0);
    auto const read = store.read("web");
    ASSERT_FALSE(read) << mode;
    EXPECT_NE(read.error().hint.find("chmod 600"), std::string::npos);
  }
  for (mode_t const mode : {0600U, 0400U}) {
    ASSERT_EQ(::chmod(store.path_of("web").c_str(), mode), 0);
    EXPECT_EQ(id_of("web"), "i-1");
  }
}

TEST_F(Stored, WhatIsNoSignInIsNotUsedAndNotShown) {
  ASSERT_TRUE(store.write("web", kept));
  auto const path = store.path_of("web");
  std::ofstream(path) << "{\"secret\":\"refresh-1\"";
  auto const read = store.read("web");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail.find("refresh-1"), std::string::npos);
  ASSERT_TRUE(store.remove("web"));
  std::ofstream(folder + "/elsewhere") << written(kept).reveal();
  std::filesystem::create_symlink(folder + "/elsewhere", path);
  EXPECT_FALSE(store.read("web"));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_FALSE(store.read("web"));
}

TEST_F(Stored, NamesOfServersNeverLeaveTheFolder) {
  EXPECT_EQ(store.path_of("web_1-a"), folder + "/web_1-a.json");
  EXPECT_EQ(store.path_of("../x"), folder + "/%2e%2e%2fx.json");
  EXPECT_EQ(store.path_of("a%2e"), folder + "/a%252e.json");
}

TEST_F(Stored, OneAtATimeHoldsALease) {
  auto first = store.try_lease("web");
  ASSERT_TRUE(first && *first);
  auto second = store.try_lease("web");
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second);
  auto other = store.try_lease("other");
  EXPECT_TRUE(other && *other);
  first = std::optional<SignInStore::Lease>();
  auto third = store.try_lease("web");
  EXPECT_TRUE(third && *third);
}

TEST_F(Stored, AStampChangesWithTheFile) {
  auto const none = store.stamp("web");
  EXPECT_EQ(none, SignInStore::Stamp());
  ASSERT_TRUE(store.write("web", kept));
  auto const first = store.stamp("web");
  EXPECT_NE(first, none);
  EXPECT_EQ(store.stamp("web"), first);
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_NE(store.stamp("web"), first);
}

TEST_F(Stored, WithoutAFolderThereIsNothingAndTheCureIsNamed) {
  SignInStore const nowhere{""};
  EXPECT_TRUE(nowhere.read("web"));
  EXPECT_EQ(nowhere.stamp("web"), SignInStore::Stamp());
  auto const refused = nowhere.write("web", kept);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("XDG_STATE_HOME"), std::string::npos);
}

}  // namespace
}  // namespace weir::oauth
