#include "router/catalog_loop.hpp"

#include "router/fake_servers_test.hpp"

namespace weir::router {
namespace {

using namespace std::chrono_literals;

class CatalogLoopTest : public testing::Test {
 protected:
  std::shared_ptr<FakeServer> add(std::string name, std::vector<std::string> tools, bool modern = true) {
    auto server = std::make_shared<FakeServer>(loop_, std::move(name), modern);
    server->lists[ListKind::tools] = std::move(tools);
    servers_.push_back(server);
    return server;
  }
  void start() {
    set_servers(feed_, catalogs_, servers_);
    loop_.run();
  }
  std::vector<std::string> shown(bool modern = true, std::string_view endpoint = {}) {
    auto const* const catalog = feed_.current().find(endpoint, modern);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < catalog->list(ListKind::tools).entries.size(); ++i) {
      out.emplace_back(catalog->exposed(ListKind::tools, i));
    }
    return out;
  }
  Readiness readiness(std::string_view name) { return feed_.current().server(name)->readiness; }

  static CatalogLoopOptions options() {
    CatalogLoopOptions chosen;
    chosen.watch.pages_max = 20;
    return chosen;
  }

  base::VirtualLoop loop_;
  base::SeededRandom random_{5};
  int published_ = 0;
  CatalogFeed feed_{loop_};
  CatalogLoop catalogs_{loop_, random_, options(), [this](std::shared_ptr<CatalogSet const> set) {
                          ++published_;
                          EXPECT_LT(feed_.current().generation(), set->generation());
                          feed_.publish(std::move(set));
                        }};
  std::vector<std::shared_ptr<FakeServer>> servers_;
};

using Names = std::vector<std::string>;

TEST_F(CatalogLoopTest, ADeadServerAndASlowOneDelayNobody) {
  add("dead", {tool("x")})->dead = true;
  add("slow", {tool("y")})->delay = 20s;
  add("good", {tool("z")});
  start();
  EXPECT_EQ(shown(), Names{"good__z"});
  EXPECT_EQ(readiness("dead"), Readiness::failed);
  EXPECT_EQ(readiness("slow"), Readiness::pending);
  loop_.advance(30s);  // open and the first list
  EXPECT_EQ(readiness("slow"), Readiness::pending);
  loop_.advance(90s);
  EXPECT_EQ(shown(), (Names{"slow__y", "good__z"}));
  servers_[0]->dead = false;
  loop_.advance(73s);  // the longest pause
  EXPECT_EQ(shown(), (Names{"dead__x", "slow__y", "good__z"}));
}

TEST_F(CatalogLoopTest, ASilentServerIsGivenUpInTime) {
  add("silent", {})->delay = 24h;
  start();
  loop_.advance(59s);
  EXPECT_EQ(readiness("silent"), Readiness::pending);
  loop_.advance(2s);
  EXPECT_EQ(readiness("silent"), Readiness::failed);
}

TEST_F(CatalogLoopTest, PausesGrowBetweenAttempts) {
  auto const dead = add("dead", {});
  dead->dead = true;
  start();
  EXPECT_EQ(dead->opened, 1);
  loop_.advance(799ms);
  EXPECT_EQ(dead->opened, 1);  // 1 s − 20 %
  loop_.advance(402ms);
  EXPECT_EQ(dead->opened, 2);
  loop_.advance(1h);
  EXPECT_GE(dead->opened, 3600 / 72);
  EXPECT_LE(dead->opened, 3600 / 48 + 8);
  int const before = dead->opened;
  for (int i = 0; i < 100; ++i) {
    catalogs_.list_changed("dead", mcp::Method::tools_list);
    loop_.advance(10ms);
  }
  EXPECT_LE(dead->opened, before + 1);  // a server in trouble cannot shorten its pause
}

TEST_F(CatalogLoopTest, ReadsAllPagesAndAllLists) {
  auto const server = add("s", {});
  for (int i = 0; i < 120; ++i) server->lists[ListKind::tools].push_back(tool("t" + std::to_string(i)));
  server->lists[ListKind::prompts] = {R"({"name":"p"})"};
  server->lists[ListKind::resources] = {R"({"uri":"x://1","name":"n"})"};
  server->lists[ListKind::templates] = {R"({"uriTemplate":"y://{a}","name":"n"})"};
  start();
  auto const* const catalog = feed_.current().find("", true);
  EXPECT_EQ(shown().size(), 120U);
  EXPECT_NE(catalog->find_prompt("s__p"), nullptr);
  EXPECT_EQ(catalog->find_uri("x://1")->server, 0U);
  EXPECT_EQ(catalog->list(ListKind::templates).entries.size(), 1U);
  EXPECT_EQ(server->asked, 3 + 3);
}

TEST_F(CatalogLoopTest, AsksOnlyForWhatIsDeclared) {
  auto const server = add("s", {tool("t")});
  server->identity.capabilities = R"({"prompts":{}})";
  start();
  EXPECT_EQ(server->asked, 1);
  EXPECT_TRUE(shown().empty());
}

TEST_F(CatalogLoopTest, AListWithoutEndIsCut) {
  auto const repeats = add("repeats", {tool("t")});
  repeats->endless = true;
  auto const many = add("many", {});
  many->page_elements = 1;
  for (int i = 0; i < 50; ++i) many->lists[ListKind::tools].push_back(tool("t" + std::to_string(i)));
  start();
  EXPECT_EQ(shown().size(), 1U + options().watch.pages_max);
  EXPECT_EQ(readiness("repeats"), Readiness::ready);
  EXPECT_FALSE(feed_.current().server("many")->contents->list(ListKind::tools)->complete());
  many->lists[ListKind::tools].resize(20);  // as many pages as are allowed
  catalogs_.list_changed("many", mcp::Method::notifications_tools_list_changed);
  loop_.advance(1s);
  EXPECT_TRUE(feed_.current().server("many")->contents->list(ListKind::tools)->complete());
}

TEST_F(CatalogLoopTest, AChangeIsSeenAfterAMomentAndABurstCostsOneRequest) {
  auto const server = add("s", {tool("old")});
  start();
  int const before = server->asked;
  server->lists[ListKind::tools] = {tool("new")};
  for (int i = 0; i < 100; ++i) {
    catalogs_.list_changed("s", mcp::Method::notifications_tools_list_changed);
    loop_.run();
  }
  loop_.advance(99ms);
  EXPECT_EQ(shown(), Names{"s__old"});
  loop_.advance(2ms);
  EXPECT_EQ(shown(), Names{"s__new"});
  EXPECT_EQ(server->asked, before + 1);
  EXPECT_EQ(server->opened, 1);
}

TEST_F(CatalogLoopTest, AChangeDuringTheRequestIsAskedForAgain) {  // P094
  auto const server = add("s", {tool("first")});
  start();
  server->delay = 1s;
  server->lists[ListKind::tools] = {tool("second")};
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(500ms);  // it is being asked
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1s);
  server->lists[ListKind::tools] = {tool("third")};
  loop_.advance(3s);
  EXPECT_EQ(shown(), Names{"s__third"});
}

TEST_F(CatalogLoopTest, AServerThatFailsLaterKeepsItsLastGoodList) {
  auto const server = add("s", {tool("t")});
  start();
  server->dead = true;
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1s);
  EXPECT_EQ(shown(), Names{"s__t"});
  EXPECT_EQ(readiness("s"), Readiness::stale);
  server->dead = false;
  server->lists[ListKind::tools] = {tool("u")};
  loop_.advance(73s);
  EXPECT_EQ(shown(), Names{"s__u"});
  EXPECT_EQ(readiness("s"), Readiness::ready);
  EXPECT_GE(server->opened, 2);
}

TEST_F(CatalogLoopTest, AFallenServerIsOpenedAgain) {
  auto const server = add("s", {tool("t")});
  start();
  server->state.state = core::ServerState::stopped;  // idle child: a call will start it
  catalogs_.state_changed("s");
  loop_.advance(10s);
  EXPECT_EQ(server->opened, 1);
  server->state.state = core::ServerState::failed;
  catalogs_.state_changed("s");
  EXPECT_EQ(readiness("s"), Readiness::stale);
  server->lists[ListKind::tools] = {tool("u")};
  loop_.advance(1s);
  EXPECT_EQ(server->opened, 2);
  EXPECT_EQ(shown(), Names{"s__u"});
  server->state.state = core::ServerState::ready;
  catalogs_.state_changed("s");
  loop_.advance(1h);
  EXPECT_EQ(server->opened, 2);
}

TEST_F(CatalogLoopTest, AServerThatFallsWhileItIsAskedIsOpenedAgain) {
  auto const server = add("s", {tool("t")});
  start();
  server->delay = 1s;
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(500ms);
  server->state.state = core::ServerState::starting;
  catalogs_.state_changed("s");
  loop_.advance(20s);
  EXPECT_EQ(server->opened, 2);
  EXPECT_EQ(readiness("s"), Readiness::ready);
}

TEST_F(CatalogLoopTest, AServerThatComesBackIsAskedBeforeThePauseEnds) {
  auto const server = add("s", {tool("t")});
  server->dead = true;
  start();
  loop_.advance(10min);
  server->dead = false;
  catalogs_.state_changed("s");
  loop_.run();
  EXPECT_EQ(shown(), Names{"s__t"});
}

TEST_F(CatalogLoopTest, GrantedFreshnessIsAHintToAskAgain) {
  auto const server = add("s", {tool("t")});
  server->hints = R"(,"ttlMs":60000,"cacheScope":"public")";
  auto const hasty = add("hasty", {tool("t")});
  hasty->hints = R"(,"ttlMs":1)";
  auto const silent = add("silent", {tool("t")});
  start();
  for (auto const& one : servers_) one->asked = 0;
  loop_.advance(59s);
  EXPECT_EQ(server->asked, 0);
  loop_.advance(15s);
  EXPECT_EQ(server->asked, 4);
  loop_.advance(10min);
  EXPECT_LE(hasty->asked, 4 * 684 / 30);
  EXPECT_EQ(silent->asked, 0);
}

TEST_F(CatalogLoopTest, AReloadKeepsWhatIsKnownOfServersThatStay) {
  auto const stays = add("stays", {tool("a")});
  add("goes", {tool("b")});
  start();
  auto comes = std::make_shared<FakeServer>(loop_, "comes");
  comes->lists[ListKind::tools] = {tool("c")};
  auto renamed = spec_of(stays);
  renamed.rules.rename = {{"a", "z"}};
  catalogs_.set_servers({spec_of(comes), renamed});
  EXPECT_EQ(shown(), (Names{"comes__c", "stays__z"}));
  EXPECT_EQ(stays->opened, 1);
  catalogs_.set_names({.prefix = "{server}-"});
  catalogs_.set_servers({spec_of(stays)});
  EXPECT_EQ(shown(), Names{"stays-a"});
  EXPECT_EQ(feed_.current().find("goes", true), nullptr);
  catalogs_.list_changed("goes", mcp::Method::tools_list);  // too late: nothing happens
}

TEST_F(CatalogLoopTest, AServerThatChangesItsEraStaysVisible) {
  auto const server = add("s", {tool("t")}, false);
  start();
  server->identity.revision = mcp::kNewest;
  server->state.state = core::ServerState::failed;
  catalogs_.state_changed("s");
  loop_.advance(1s);
  for (bool const modern : {true, false}) EXPECT_EQ(shown(modern), Names{"s__t"});
  EXPECT_TRUE(feed_.current().server("s")->modern());
}

TEST_F(CatalogLoopTest, ABackendMayReportWhileTheLoopEnds) {
  struct Talker : FakeServer {
    core::BackendObserver& observer;
    Talker(base::Scheduler& loop, core::BackendObserver& to) : FakeServer(loop, "talker"), observer(to) {}
    ~Talker() override {
      state.state = core::ServerState::failed;
      observer.state_changed("talker");
    }
  };
  CatalogLoop short_lived(loop_, random_, {}, [](auto&&) {});
  auto talker = std::make_shared<Talker>(loop_, short_lived);
  short_lived.set_servers({spec_of(talker)});
  loop_.run();
}

TEST_F(CatalogLoopTest, PublishesWhatChangedUntilItIsStopped) {
  add("s", {tool("t")});
  start();
  EXPECT_EQ(published_, 2);
  catalogs_.stop();
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1h);
  EXPECT_EQ(published_, 2);
}

TEST_F(CatalogLoopTest, EveryWorkersViewLeadsToItsOwnEntries) {
  CatalogFeed other(loop_);
  auto const mine = std::make_shared<FakeServer>(loop_, "s");
  other.set_entries({{0, mine}});
  auto const server = add("s", {tool("t")});
  start();
  other.publish(feed_.view()->set);
  EXPECT_EQ(feed_.view()->entries.at(0), server);
  EXPECT_EQ(other.view()->entries.at(0), mine);
  EXPECT_EQ(&other.current(), &feed_.current());
}

}  // namespace
}  // namespace weir::router
