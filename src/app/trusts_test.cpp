#include "app/trusts.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/worker_plan.hpp"
#include "base/virtual_loop.hpp"
#include "support/tls_peer.hpp"

namespace weir::app {
namespace {

struct TrustsTest : testing::Test {
  base::SystemClock clock;
  base::SystemRandom random;
  base::VirtualLoop loop;
  int const nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  observe::Log log{observe::Log::Options{.fd = nowhere}, clock,
                   [](std::string_view text) { return std::string(text); }};
  config::MemoryEnvironment environment;
  test::TlsPeer const first{"DNS:a"};
  test::TlsPeer const second{"DNS:b"};
  config::Settings settings;
  net::TlsContexts contexts{
      clock,
      random,
      {},
      [](net::TlsProfile const& profile) { return net::TlsContext::client(profile, nullptr); },
      [](std::function<void()> work) {
        work();
        return true;
      }};
  Trusts trusts{contexts, environment, clock, log};

  void SetUp() override {
    environment.files["/ca.pem"] = first.certificate_pem();
    config::Server server;
    server.name = "docs";
    server.urls = {"https://127.0.0.1:1/mcp"};
    settings.servers.push_back(server);
    settings.server_tls["docs"].ca = "/ca.pem";
    settings.listeners.front().tls = config::ListenerTls{"/cert.pem", {"/key.pem", {}}, ""};
    environment.files["/cert.pem"] = first.certificate_pem();
    environment.files["/key.pem"] = first.key_pem();
  }
  void configure() { trusts.configure(std::make_shared<config::Settings const>(settings)); }
  bool look() {  // as the watcher does
    auto const watched = trusts.watched();
    std::vector<TlsReading> readings;
    for (auto const& files : watched.files) readings.push_back(read_tls(files, environment, clock.wall()));
    return trusts.take(watched, readings);
  }
  std::string authorities() { return trusts.of_server("docs").slot->get()->profile.authorities; }
  net::TlsContext::Ptr door() { return trusts.of_listener(settings.listeners.front().bind).context; }
};

TEST_F(TrustsTest, ARotatedFileIsInUseWithoutAnotherSlot_F23) {
  configure();
  auto const slot = trusts.of_server("docs").slot;
  ASSERT_TRUE(slot);
  auto const key = slot->get()->key;
  EXPECT_FALSE(look());
  EXPECT_EQ(slot->get()->key, key);
  environment.files["/ca.pem"] = second.certificate_pem();
  EXPECT_FALSE(look());  // nothing to plan: the server keeps running
  EXPECT_EQ(trusts.of_server("docs").slot, slot);
  EXPECT_EQ(authorities(), second.certificate_pem());
  EXPECT_FALSE(slot->get()->key == key);
}

TEST_F(TrustsTest, ABadFileLeavesTheLastGoodOneInUse) {
  configure();
  environment.files["/ca.pem"] = "half a fi";
  EXPECT_FALSE(look());
  EXPECT_EQ(authorities(), first.certificate_pem());
  EXPECT_EQ(trusts.of_server("docs").problem, "");
  environment.files.erase("/ca.pem");
  look();
  configure();  // nor does a reload of the same settings take it away
  EXPECT_EQ(authorities(), first.certificate_pem());
  EXPECT_EQ(trusts.of_server("docs").problem, "");
}

TEST_F(TrustsTest, AServerWhoseFileIsBadFromTheStartIsSetAsideUntilItIsRight) {
  environment.files["/ca.pem"] = "half a fi";
  configure();
  EXPECT_NE(trusts.of_server("docs").problem.find("`/ca.pem` holds no certificate"), std::string::npos);
  environment.files["/ca.pem"] = first.certificate_pem();
  EXPECT_TRUE(look());
  EXPECT_EQ(trusts.of_server("docs").problem, "");
  EXPECT_EQ(authorities(), first.certificate_pem());
}

TEST_F(TrustsTest, SettingsThatNameAnotherFileMeanThatOne) {
  configure();
  settings.server_tls["docs"].ca = "/gone.pem";
  configure();
  EXPECT_NE(trusts.of_server("docs").problem, "");
  environment.files["/gone.pem"] = second.certificate_pem();
  EXPECT_TRUE(look());
  EXPECT_EQ(authorities(), second.certificate_pem());
}

TEST_F(TrustsTest, WhatWasReadBeforeAReloadIsNotTaken) {
  configure();
  auto const watched = trusts.watched();
  std::vector<TlsReading> readings;
  environment.files["/ca.pem"] = second.certificate_pem();
  for (auto const& files : watched.files) readings.push_back(read_tls(files, environment, clock.wall()));
  environment.files["/ca.pem"] = first.certificate_pem();
  configure();
  EXPECT_FALSE(trusts.take(watched, readings));
  EXPECT_EQ(authorities(), first.certificate_pem());
}

TEST_F(TrustsTest, AListenerTakesNewCertificatesAndNeverGoesPlain) {
  configure();
  EXPECT_EQ(trusts.problem_of_listeners(), "");
  auto const before = door();
  ASSERT_TRUE(before);
  environment.files["/cert.pem"] = second.certificate_pem();  // its key comes a moment later
  look();
  EXPECT_EQ(door(), before);
  environment.files["/key.pem"] = second.key_pem();
  look();
  EXPECT_NE(door(), before);
  settings.listeners.front().tls->cert = "/gone.pem";
  configure();
  EXPECT_TRUE(trusts.of_listener(settings.listeners.front().bind).wanted);
  EXPECT_FALSE(door());
  EXPECT_NE(trusts.problem_of_listeners(), "");
}

TEST_F(TrustsTest, OnlyTheServerWithTheBadFileIsLeftOutOfThePlan) {
  config::Server other = settings.servers.front();
  other.name = "other";
  settings.servers.push_back(other);
  environment.files.erase("/ca.pem");
  configure();
  WorkerPlanner planner({std::make_shared<base::Workplace>(loop)},
                        [this](std::string const& name) { return trusts.of_server(name); });
  auto const next = [&] { return planner.next(std::make_shared<config::Settings const>(settings)); };
  auto const plan = next();
  ASSERT_EQ(plan->servers.size(), 1U);
  EXPECT_EQ(plan->servers[0]->settings.name, "other");
  EXPECT_NE(planner.problem_of("docs").find("cannot be read"), std::string::npos);
  environment.files["/ca.pem"] = first.certificate_pem();
  EXPECT_TRUE(look());
  auto const repaired = next();
  ASSERT_EQ(repaired->servers.size(), 2U);
  auto const number = repaired->servers[0]->number;
  environment.files["/ca.pem"] = second.certificate_pem();
  look();
  EXPECT_EQ(next()->servers[0]->number, number);  // another trust is no other server
}

}  // namespace
}  // namespace weir::app
