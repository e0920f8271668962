#include <gtest/gtest.h>

#include "support/world.hpp"

// What clients get while the credential of their server changes (R-059, F-30).
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

class Credentials : public World, public testing::TestWithParam<Speaks> {
 public:
  Credentials() {
    server = &http("a", GetParam());
    set("old");
    server->keys = {"old", "new"};
    asker = &client(Era::modern);
  }
  void SetUp() override {
    start();
    ask();
  }
  void set(std::string_view value) { settings.servers[0].headers = {{"Authorization", base::Secret(value)}}; }
  // Whether a call was executed, and with which credential.
  std::string ask() {
    server->used.clear();
    auto const reply = asker->call("a__echo", R"({"key":"k"})");
    advance(1s);
    bool const good = reply->answered() && reply->final().find("from a") != std::string::npos;
    std::string used;
    for (auto const& [key, times] : server->used) used += (used.empty() ? "" : " ") + key;
    return good ? used : "failed: " + reply->final();
  }
  FakeServer* server = nullptr;
  FakeClient* asker = nullptr;
};

TEST_P(Credentials, ANewOneIsUsedFromTheNextCallOnAndTheServerIsNotOpenedAnew_R059) {
  auto const hellos = server->seen["server/discover"] + server->seen["initialize"];
  set("new");
  reload();
  EXPECT_EQ(ask(), "new");
  advance(5s);
  EXPECT_EQ(server->seen["server/discover"] + server->seen["initialize"], hellos);
}

TEST_P(Credentials, OneThatIsRefusedCostsNoCallAndGivesWayToTheOneBefore_F30) {
  set("bad");
  reload();
  EXPECT_EQ(ask(), "bad old");
  EXPECT_EQ(ask(), "old");
}

TEST_P(Credentials, TheOneBeforeHelpsUntilTheOverlapIsOver_F30) {
  set("new");
  reload();
  EXPECT_EQ(ask(), "new");
  server->keys = {"old"};  // an address of the server that does not know it yet
  EXPECT_EQ(ask(), "new old");
  advance(60s);
  EXPECT_TRUE(ask().starts_with("failed: ")) << "nothing is left of what was replaced";
}

TEST_P(Credentials, WhereBothAreRefusedTheCallerIsTold) {
  set("new");
  reload();
  server->keys = {"none"};
  EXPECT_TRUE(ask().starts_with("failed: "));
}

INSTANTIATE_TEST_SUITE_P(Eras, Credentials, testing::Values(Speaks::modern, Speaks::legacy));

}  // namespace
}  // namespace weir::test
