#include "app/sign_ins.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace weir::app {
namespace {

struct Signing : testing::Test {
  std::string folder = testing::TempDir() + "weir_app_sign_ins_" + std::to_string(::getpid());
  oauth::SignInStore store{folder};
  SignIns sign_ins{store};
  config::Settings settings;

  Signing() {
    std::filesystem::remove_all(folder);
    config::Server web;
    web.name = "web";
    web.urls = {"https://s.test/mcp/"};
    web.oauth.emplace().grant = config::OAuthGrant::authorization_code;
    config::Server plain;
    plain.name = "plain";
    plain.urls = {"https://p.test/mcp"};
    settings.servers = {web, plain};
  }
  ~Signing() override { std::filesystem::remove_all(folder); }

  oauth::KeptSignIn kept(std::string id) const {
    oauth::KeptSignIn made;
    made.id = std::move(id);
    made.server = "https://s.test/mcp";
    made.issuer = "https://i.test";
    made.token_endpoint = "https://i.test/token";
    made.registered = true;
    made.access_token = base::Secret("x");
    return made;
  }
};

TEST_F(Signing, WhereNobodyHasSignedInTheCommandThatHelpsIsNamed) {
  sign_ins.configure(settings);
  EXPECT_EQ(sign_ins.of_server("web").problem, "needs sign-in: run `weir server login web`");
  EXPECT_EQ(sign_ins.of_server("web").state(), sign_ins.of_server("web").problem);
  EXPECT_EQ(sign_ins.of_server("plain"), SignedIn());
  EXPECT_FALSE(sign_ins.look());
}

TEST_F(Signing, ASignInAndASignOutAreNoticedAndRenewalIsNot) {
  sign_ins.configure(settings);
  auto one = kept("i-1");
  ASSERT_TRUE(store.write("web", one));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_EQ(sign_ins.of_server("web"), (SignedIn{"i-1", ""}));
  one.access_token = base::Secret("y");
  ASSERT_TRUE(store.write("web", one));
  EXPECT_FALSE(sign_ins.look());
  ASSERT_TRUE(store.write("web", kept("i-2")));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_EQ(sign_ins.of_server("web").state(), "i-2");
  ASSERT_TRUE(store.remove("web"));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_NE(sign_ins.of_server("web").problem, "");
}

TEST_F(Signing, ASignInThatHasEndedIsNeededAnewUntilThereIsAnother) {
  auto one = kept("i-1");
  ASSERT_TRUE(store.write("web", one));
  sign_ins.configure(settings);
  EXPECT_EQ(sign_ins.of_server("web").problem, "");
  one.end("the server has moved to another issuer, i2.test");
  ASSERT_TRUE(store.write("web", one));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_EQ(sign_ins.of_server("web"),
            (SignedIn{"",
                      "needs sign-in: run `weir server login web` (the server has moved to another issuer, "
                      "i2.test)"}));
  EXPECT_EQ(sign_ins.of_server("web").state(), sign_ins.of_server("web").problem);
  ASSERT_TRUE(store.write("web", kept("i-2")));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_EQ(sign_ins.of_server("web"), (SignedIn{"i-2", ""}));
}

TEST_F(Signing, WhereEachCallerSignsInTheListsStayWhenTheGatewaysOwnHasEnded) {
  settings.servers[0].oauth->per_principal = true;
  auto own = kept("i-own");
  ASSERT_TRUE(store.write("web", own));
  sign_ins.configure(settings);
  own.end();
  ASSERT_TRUE(store.write("web", own));
  EXPECT_TRUE(sign_ins.look()) << "its status says so";
  EXPECT_NE(sign_ins.of_server("web").problem.find("the sign-in has ended"), std::string::npos);
  EXPECT_EQ(sign_ins.of_server("web").state(), "i-own") << "the same server, with the lists that it has";
}

TEST_F(Signing, WhereEachCallerSignsInTheGatewaysOwnMayBeMissing) {
  settings.servers[0].oauth->per_principal = true;
  sign_ins.configure(settings);
  EXPECT_EQ(sign_ins.of_server("web"), SignedIn());
  auto ann = kept("i-ann");
  ann.person = "key:ann";
  ASSERT_TRUE(store.write("web", ann));
  EXPECT_FALSE(sign_ins.look()) << "which is not the gateway's";
  ASSERT_TRUE(store.write("web", kept("i-own")));
  EXPECT_TRUE(sign_ins.look());
  EXPECT_EQ(sign_ins.of_server("web").state(), "i-own");
}

TEST_F(Signing, ASignInOfAnotherAddressIsNotUsed) {
  auto other = kept("i-1");
  other.server = "https://other.test/mcp";
  ASSERT_TRUE(store.write("web", other));
  sign_ins.configure(settings);
  EXPECT_NE(sign_ins.of_server("web").problem.find("another address"), std::string::npos);
  EXPECT_EQ(sign_ins.of_server("web").id, "");
  settings.servers[0].urls = {"https://other.test/mcp"};
  sign_ins.configure(settings);
  EXPECT_EQ(sign_ins.of_server("web"), (SignedIn{"i-1", ""}));
}

}  // namespace
}  // namespace weir::app
