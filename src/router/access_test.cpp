// What policies hide and refuse, on the way of a call through the router.
#include "router/routed_test.hpp"

namespace weir::router {
namespace {

class Access : public Routed {
 protected:
  Access() {
    auto all = kTools;
    all[ListKind::prompts] = {R"({"name":"p"})"};
    all[ListKind::resources] = {R"({"uri":"x://1","name":"n"})"};
    a_ = add("a", all);
    auto other = kTools;
    other[ListKind::resources] = {R"({"uri":"z://1","name":"n"})"};
    b_ = add("b", other);
    start();
  }
  std::unique_ptr<Running> ask(std::string const& method, std::string const& params = "{}",
                               std::string_view endpoint = {}) {
    auto message =
        mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":")" + method + R"(","params":)" + params + '}');
    auto running = std::make_unique<Running>(std::move(*message), mcp::kNewest);
    running->call.endpoint = endpoint;
    running->call.principal = &principal_;
    running->call.access = rules_;
    running->call.started = loop_.now();
    group_.spawn(serve(*running));
    loop_.run();
    return running;
  }
  std::string said(std::string const& method, std::string const& params = "{}",
                   std::string_view endpoint = {}) {
    auto const running = ask(method, params, endpoint);
    if (!running->answer) return "no answer yet";
    return *running->answer ? bytes_of(**running->answer) : base::name_of(running->answer->error().fault);
  }
  void allow(std::vector<std::string> globs, std::vector<std::string> scopes = {}) {
    rules_ = std::make_shared<core::AccessRules const>(std::vector<core::AccessRule>{
        {.who = "*", .allow = std::move(globs), .deny = {}, .scopes = std::move(scopes)}});
  }
  static bool has(std::string const& text, std::string_view what) {
    return text.find(what) != std::string::npos;
  }

  std::shared_ptr<FakeServer> a_, b_;
  std::shared_ptr<core::AccessRules const> rules_;
};

TEST_F(Access, WithoutPoliciesEverythingIsShown) {
  auto const tools = said("tools/list");
  for (auto const name : {"a__get", "a__put", "b__get", "b__put"}) EXPECT_TRUE(has(tools, name)) << tools;
}

TEST_F(Access, ADeniedToolIsInNoListAndIsRefused) {
  allow({"a.get"});
  auto const tools = said("tools/list");
  EXPECT_TRUE(has(tools, "a__get"));
  for (auto const name : {"a__put", "b__get", "b__put"}) EXPECT_FALSE(has(tools, name)) << tools;
  EXPECT_TRUE(has(said("tools/list", "{}", "a"), "\"get\""));
  EXPECT_FALSE(has(said("tools/list", "{}", "a"), "\"put\""));
  EXPECT_EQ(said("tools/call", R"({"name":"a__put"})"), "denied");
  EXPECT_EQ(said("tools/call", R"({"name":"put"})", "a"), "denied");
  EXPECT_EQ(said("tools/call", R"({"name":"b__get"})"), "denied");
  EXPECT_TRUE(has(said("tools/call", R"({"name":"a__get"})"), "\"from\":\"a\""));
  EXPECT_EQ(a_->calls, std::vector<std::string>{"tools/call get"}) << "nothing else came there";
  EXPECT_TRUE(b_->calls.empty());
}

TEST_F(Access, AListForOneCallerIsNobodyElsesToKeep) {
  allow({"a.get"});
  EXPECT_TRUE(has(said("tools/list"), R"("cacheScope":"private")"));
}

TEST_F(Access, NoHintNamesADeniedTool) {
  EXPECT_TRUE(has(said("tools/call", R"({"name":"b__gett"})"), R"(mean \"b__get\")"));
  EXPECT_TRUE(has(said("tools/call", R"({"name":"a__putt"})"), R"(mean \"a__put\")"));
  allow({"a.get"});
  EXPECT_FALSE(has(said("tools/call", R"({"name":"b__gett"})"), R"(mean \"b__get\")"));
  EXPECT_FALSE(has(said("tools/call", R"({"name":"a__putt"})"), R"(mean \"a__put\")"));
}

TEST_F(Access, AServerThatNobodyMayUseShowsNothingOfItself) {
  allow({"a.*"});
  auto const resources = said("resources/list");
  EXPECT_TRUE(has(resources, "x://1"));
  EXPECT_FALSE(has(resources, "z://1"));
  EXPECT_TRUE(has(said("resources/read", R"({"uri":"x://1"})"), "\"from\":\"a\""));
  EXPECT_EQ(said("resources/read", R"({"uri":"z://1"})"), "denied");
  allow({"b.*"});
  EXPECT_FALSE(has(said("prompts/list"), "a__p"));
  EXPECT_EQ(said("prompts/get", R"({"name":"a__p"})"), "denied");
  EXPECT_EQ(said("completion/complete", R"({"ref":{"type":"ref/prompt","name":"a__p"},"argument":{}})"),
            "denied");
  EXPECT_EQ(said("something/else", "{}", "a"), "denied");
}

TEST_F(Access, NothingWaitsForAServerThatTheCallerMayNotUse) {
  auto const hidden = add("hidden", {});
  hidden->delay = 20s;
  start();
  allow({"a.*"});
  EXPECT_TRUE(has(said("resources/read", R"({"uri":"w://1"})"), "Resource not found"));
  allow({"a.*", "hidden.*"});
  EXPECT_EQ(said("resources/read", R"({"uri":"w://1"})"), "no answer yet");
}

TEST_F(Access, AMissingScopeIsNamedAndTheToolStaysVisible) {
  principal_.subject = "ann";
  principal_.scopes = {"read"};
  allow({"a.put"}, {"read", "write"});
  EXPECT_TRUE(has(said("tools/list"), "a__put"));
  auto const refused = ask("tools/call", R"({"name":"a__put"})");
  ASSERT_TRUE(refused->answer && !*refused->answer);
  EXPECT_EQ(refused->answer->error().fault, base::Fault::denied);
  EXPECT_EQ(refused->call.facts.scopes_needed, (std::vector<std::string>{"read", "write"}));
  principal_.scopes = {"read", "write"};
  EXPECT_TRUE(has(said("tools/call", R"({"name":"a__put"})"), "\"from\":\"a\""));
}

TEST_F(Access, PagesLeaveOutWhatIsDenied) {
  allow({"*.put"});
  auto const* const catalog = feed_.current().find({}, true);
  PageOptions options;
  options.elements_max = 1;
  std::vector<std::string> pages;
  auto const shown = [&](CatalogEntry const& entry) {
    return rules_->to_tool(principal_, catalog->servers()[entry.server].name, entry.item->key).visible();
  };
  std::uint32_t position = 0;
  do {
    auto const page = write_page(
        *catalog, ListKind::tools, position, options, loop_.now(), [](std::uint32_t) { return "c"; }, shown);
    pages.push_back(page.result);
    position = page.next;
  } while (position != 0 && pages.size() < 9);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_TRUE(has(pages[0], "a__put"));
  EXPECT_FALSE(has(pages[1], "nextCursor"));
  EXPECT_TRUE(has(pages[1], "b__put"));
}

TEST_F(Access, WhatAServerSaysOfItselfIsForWhomMayUseIt) {
  auto const secret = add("secret", kTools);
  secret->identity.instructions = "Ask for the vault.";
  start();
  for (char const* const method : {"server/discover", "initialize"}) {
    EXPECT_TRUE(has(said(method), "Ask for the vault.")) << method;
    EXPECT_TRUE(has(said(method, "{}", "secret"), R"("tools")")) << method;
    allow({"a.*"});
    EXPECT_FALSE(has(said(method), "Ask for the vault.")) << method;
    EXPECT_FALSE(has(said(method), "secret")) << method;
    EXPECT_TRUE(has(said(method), R"("tools")")) << method;
    EXPECT_FALSE(has(said(method, "{}", "secret"), "Ask for the vault.")) << method;
    EXPECT_FALSE(has(said(method, "{}", "secret"), R"("tools")")) << method;
    allow({"*"});
    EXPECT_TRUE(has(said(method), "Ask for the vault.")) << method;
    rules_ = nullptr;
  }
}

TEST_F(Access, NobodyLearnsThatAServerTheyMayNotUseIsDown) {
  auto const hidden = add("hidden", {});
  hidden->dead = true;
  start();
  EXPECT_EQ(said("tools/call", R"({"name":"hidden__x"})"), "unavailable");
  EXPECT_EQ(said("tools/list", "{}", "hidden"), "unavailable");
  allow({"a.*"});
  EXPECT_TRUE(has(said("tools/call", R"({"name":"hidden__x"})"), "Unknown tool")) << "as any other name";
  EXPECT_EQ(said("tools/list", "{}", "hidden"), "denied");
}

TEST_F(Access, ALogLevelNeedsNoScopesOfAServerThatIsPassedOver) {
  principal_.subject = "ann";
  allow({"a.*", "b.*"}, {"write"});
  auto const running = ask("logging/setLevel", R"({"level":"info"})");
  EXPECT_TRUE(running->call.facts.scopes_needed.empty());
}

}  // namespace
}  // namespace weir::router
