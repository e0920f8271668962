// Tools that say something else than was accepted: from whom they are withheld, on the way of a call.
#include "router/local_answers.hpp"
#include "router/routed_test.hpp"
#include "router/suggestion.hpp"

namespace weir::router {
namespace {

// A guard that withholds what it is told to.
struct FakeGuard final : ToolGuard {
  std::shared_ptr<SuspectTools const> names;
  std::map<std::string, std::shared_ptr<SuspectTools const>, std::less<>> of;  // else `names`
  std::shared_ptr<SuspectTools const> inspect(std::string_view server,
                                              std::shared_ptr<ItemList const> const&) override {
    auto const found = of.find(server);
    return found == of.end() ? names : found->second;
  }
  bool withholds_unseen(std::string_view) const override { return unseen; }
  bool unseen = false;
};

base::Task<void> ask(RouterLayer& layer, core::Call& call, std::string& text) {
  auto answer = co_await layer.handle(call);
  text = answer ? bytes_of(*answer) : base::name_of(answer.error().fault);
}

TEST(WithheldTools, KeepTheirNamesAreNotShownAndAreRefused_T56) {
  base::VirtualLoop loop;
  base::SeededRandom random{5};
  CatalogFeed feed(loop);
  FakeGuard guard;
  CatalogLoopOptions options;
  options.guard = &guard;
  CatalogLoop catalogs(loop, random, options, publish_to(feed));
  auto const server = std::make_shared<FakeServer>(loop, "one");
  server->lists = kTools;
  guard.names = std::make_shared<SuspectTools const>(SuspectTools{{"get"}, {}});
  set_servers(feed, catalogs, {server});
  loop.run();
  auto const shown = [&] {
    auto const& catalog = *feed.current().find("", true);
    return write_page(catalog, ListKind::tools, 0, {}, {}, [](std::uint32_t) { return ""; }).result;
  };
  EXPECT_EQ(shown().find("one__get"), std::string::npos);
  EXPECT_NE(shown().find("one__put"), std::string::npos);
  auto const before = feed.current().find("", true)->list(ListKind::tools).hash;
  EXPECT_NE(suggestion(*feed.current().find("", true), ListKind::tools, "one__ge"), "one__get");

  base::Gate listens{1}, watches{1};
  CursorSealer sealer(random);
  RouterLayer layer({loop, feed, sealer, listens, watches}, {});
  auto const answer_to = [&](std::string const& name) {
    auto message = mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + name +
                               R"(","arguments":{}}})");
    core::Call call(std::move(*message));
    call.revision = mcp::kNewest;
    core::Principal const nobody{"anonymous", "anonymous", {}};
    call.principal = &nobody;
    std::string text;
    base::TaskGroup group(loop);
    group.spawn(ask(layer, call, text));
    loop.run();
    return text;
  };
  for (auto const* const name : {"one__get", "get"}) {  // by its own name too
    EXPECT_NE(answer_to(name).find(R"("code":4030)"), std::string::npos) << answer_to(name);
    EXPECT_NE(answer_to(name).find("weir tools accept one get"), std::string::npos);
  }
  EXPECT_TRUE(server->calls.empty());
  EXPECT_NE(answer_to("one__put").find(R"("from":"one")"), std::string::npos);

  guard.names = nullptr;
  catalogs.publish_again();
  EXPECT_NE(shown().find("one__get"), std::string::npos);
  EXPECT_NE(feed.current().find("", true)->list(ListKind::tools).hash, before);  // clients are told
  EXPECT_NE(answer_to("one__get").find(R"("from":"one")"), std::string::npos);
}

TEST(WithheldTools, WhatNoListLedToIsHeldBackToo_T56) {
  base::VirtualLoop loop;
  base::SeededRandom random{5};
  CatalogFeed feed(loop);
  FakeGuard guard;
  CatalogLoopOptions options;
  options.guard = &guard;
  CatalogLoop catalogs(loop, random, options, publish_to(feed));
  auto const known = std::make_shared<FakeServer>(loop, "known");
  auto const silent = std::make_shared<FakeServer>(loop, "silent");
  known->lists = kTools;
  silent->dead = true;
  guard.names = std::make_shared<SuspectTools const>(SuspectTools{{"get"}, {}});
  set_servers(feed, catalogs, {known, silent});
  loop.advance(std::chrono::seconds{1});
  auto const lets = [&](std::string_view server, std::string_view tool) {
    return feed.current().server(server)->lets_through(tool, "");
  };
  EXPECT_TRUE(lets("known", "put"));
  EXPECT_FALSE(lets("known", "get"));
  EXPECT_TRUE(lets("known", "secret"));  // it is not pinned: as the operator says
  EXPECT_TRUE(lets("silent", "put"));
  guard.unseen = true;
  catalogs.publish_again();
  EXPECT_TRUE(lets("known", "put"));
  EXPECT_FALSE(lets("known", "get"));
  EXPECT_FALSE(lets("known", "secret"));
  EXPECT_FALSE(lets("silent", "put"));
}

TEST(WithheldTools, AToolThatSaysThatItWritesStandsInForNoOther) {
  auto const server = catalog_server(
      "a", {{ListKind::tools,
             {tool("get"),
              R"({"name":"save","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":false}})"}}});
  EXPECT_TRUE(server.may_stand_in("get", ""));
  EXPECT_TRUE(server.may_stand_in("unlisted", ""));
  EXPECT_TRUE(server.lets_through("save", ""));
  EXPECT_FALSE(server.may_stand_in("save", ""));
}

// Two servers, of which the guard withholds tools; calls of people with and without tenants.
struct TenantWorld : testing::Test {
  TenantWorld() {
    CatalogLoopOptions options;
    options.guard = &guard;
    catalogs = std::make_unique<CatalogLoop>(loop, random, options, publish_to(feed));
    for (auto const* const name : {"one", "two"}) {
      auto& server = servers.emplace_back(std::make_shared<FakeServer>(loop, name));
      server->lists = kTools;
      server->hints = R"(,"ttlMs":60000,"cacheScope":"public")";
    }
    set_servers(feed, *catalogs, {servers[0], servers[1]});
    loop.run();
  }
  void withhold(SuspectTools names) {
    guard.of = {{"one", std::make_shared<SuspectTools const>(std::move(names))}};
    catalogs->publish_again();
  }
  std::string answer(std::string_view tenant, std::string const& method, std::string const& params = "{}",
                     std::string_view endpoint = {}) {
    auto message =
        mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}");
    core::Call call(std::move(*message));
    core::Principal caller{"sub:ann", "jwt", {}};
    caller.tenant = tenant;
    call.revision = mcp::kNewest;
    call.principal = &caller;
    call.access = rules;
    call.endpoint = endpoint;
    std::string text;
    base::TaskGroup group(loop);
    group.spawn(ask(layer, call, text));
    loop.run();
    return text;
  }
  std::string list(std::string_view tenant, std::string_view endpoint = {}) {
    return answer(tenant, "tools/list", "{}", endpoint);
  }
  std::string call(std::string_view tenant, std::string const& name, std::string_view endpoint = {}) {
    return answer(tenant, "tools/call", R"({"name":")" + name + R"(","arguments":{}})", endpoint);
  }
  static bool has(std::string const& text, std::string_view what) {
    return text.find(what) != std::string::npos;
  }

  base::VirtualLoop loop;
  base::SeededRandom random{5};
  CatalogFeed feed{loop};
  FakeGuard guard;
  std::unique_ptr<CatalogLoop> catalogs;
  std::vector<std::shared_ptr<FakeServer>> servers;
  std::shared_ptr<core::AccessRules const> rules;
  base::Gate listens{1}, watches{1};
  CursorSealer sealer{random};
  RouterLayer layer{{loop, feed, sealer, listens, watches}, {}};
};

TEST_F(TenantWorld, ATenantThatAcceptedAToolHasItAndTheOthersHaveNot_T56) {
  withhold({{"get"}, {{"acme", {}}}});
  for (auto const* const tenant : {"", "other"}) {
    EXPECT_FALSE(has(list(tenant), "one__get"));
    EXPECT_FALSE(has(list(tenant, "one"), R"("get")"));
    EXPECT_TRUE(has(call(tenant, "one__get"), R"("code":4030)"));
    EXPECT_TRUE(has(call(tenant, "get", "one"), R"("code":4030)"));
    EXPECT_FALSE(has(call(tenant, "one__gett"), R"(mean \"one__get\")"));
  }
  EXPECT_TRUE(servers[0]->calls.empty());
  EXPECT_TRUE(has(list("acme"), "one__get"));
  EXPECT_TRUE(has(list("acme", "one"), R"("get")"));
  EXPECT_TRUE(has(call("acme", "one__get"), R"("from":"one")"));
  EXPECT_TRUE(has(call("acme", "get", "one"), R"("from":"one")"));
  EXPECT_TRUE(has(call("acme", "one__gett"), R"(mean \"one__get\")"));
  EXPECT_TRUE(feed.current().server("one")->lets_through("get", "acme"));
  EXPECT_FALSE(feed.current().server("one")->lets_through("get", "other"));
}

TEST_F(TenantWorld, WhatIsOtherThanATenantAcceptedIsWithheldFromThatTenantAlone_T56) {
  withhold({{}, {{"acme", {"get"}}}});
  EXPECT_FALSE(has(list("acme"), "one__get"));
  EXPECT_TRUE(has(list("acme"), "one__put"));
  EXPECT_TRUE(has(list("acme"), "two__get"));
  EXPECT_TRUE(has(call("acme", "one__get"), R"("code":4030)"));
  EXPECT_TRUE(has(list("other"), "one__get"));
  EXPECT_TRUE(has(call("other", "one__get"), R"("from":"one")"));
}

TEST_F(TenantWorld, PoliciesHoldForWhatATenantAcceptedToo) {
  withhold({{"get"}, {{"acme", {}}}});
  rules = std::make_shared<core::AccessRules const>(
      std::vector<core::AccessRule>{{.who = "*", .allow = {"one.put"}, .deny = {}, .scopes = {}}});
  EXPECT_FALSE(has(list("acme"), "one__get"));
  EXPECT_TRUE(has(list("acme"), "one__put"));
  EXPECT_EQ(call("acme", "one__get"), "denied");
}

TEST_F(TenantWorld, AListThatTenantsSeeDifferentlyIsNotToBeShared) {
  EXPECT_TRUE(has(list(""), R"("cacheScope":"public")"));
  withhold({{"get"}, {}});
  EXPECT_TRUE(has(list(""), R"("cacheScope":"public")"));
  withhold({{"get"}, {{"acme", {}}}});
  EXPECT_TRUE(has(list(""), R"("cacheScope":"private")")) << "acme's callers see another one";
  EXPECT_TRUE(has(list("acme"), R"("cacheScope":"private")"));
}

TEST_F(TenantWorld, ClientsAreToldWhenATenantsListIsAnotherOne) {
  auto const hash = [&] { return feed.current().find("", true)->list(ListKind::tools).hash; };
  withhold({{"get"}, {}});
  auto const before = hash();
  withhold({{"get"}, {{"acme", {}}}});
  auto const accepted = hash();
  EXPECT_NE(accepted, before);
  withhold({{"get"}, {{"acme", {"get"}}}});
  EXPECT_NE(hash(), accepted);
}

TEST(WithheldTools, TheHintToAnAgentNamesNoToolThatIsMoreThanAName) {  // acceptance row 57
  auto const hint_for = [](std::string const& tool) {
    auto const outcome = withheld_tool("one", tool);
    return bytes_of(outcome);
  };
  EXPECT_NE(hint_for("a/b_c.d-e").find("`weir tools accept one a/b_c.d-e`"), std::string::npos);
  for (std::string const tool : {"add; touch /tmp/a #", "$(id)", "a`b", "--all", "a b", "n\u200Bm", "a\nb"}) {
    auto const said = hint_for(tool);
    EXPECT_NE(said.find("look with `weir tools one`, which says how"), std::string::npos) << said;
    EXPECT_EQ(said.find("weir tools accept"), std::string::npos) << said;
    EXPECT_NE(said.find("\"The tool is withheld"), std::string::npos) << said;
    EXPECT_EQ(said.find("\u200B"), std::string::npos) << said;
  }
  EXPECT_EQ(hint_for(std::string(201, 'a')).find("weir tools accept"), std::string::npos);
}

}  // namespace
}  // namespace weir::router
