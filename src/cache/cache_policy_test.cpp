#include "cache/cache_policy.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"

namespace weir::cache {
namespace {

using namespace std::chrono_literals;

struct Asked {
  std::string method = "tools/call";
  std::string target = "look_up";
  std::string more = "";  // members of params
  bool read_only = false;
  bool writes = false;
  mcp::Revision revision = mcp::Revision::r2026_07_28;
};

core::Principal const kAnyone{"anonymous", "anonymous", {}};

std::unique_ptr<core::Call> call(Asked const& asked) {
  auto made = test::call_of(
      R"({"jsonrpc":"2.0","id":1,"method":")" + asked.method + R"(","params":{"uri":"u")" + asked.more + "}}",
      asked.revision);
  made->target = asked.target;
  made->says_read_only = asked.read_only;
  made->says_writes = asked.writes;
  made->principal = &kAnyone;
  return made;
}

CacheRules rules() {
  CacheRules made;
  made.server = "docs";
  made.configured = true;
  OperationRule search;
  search.pattern = "search_*";
  search.ttl = 20s;
  search.tags = {"pages"};
  OperationRule all;
  all.pattern = "look*";
  made.operations = {search, all};
  made.updates = {"page_update"};
  return made;
}

CachePolicy policy(CacheRules with = rules()) {
  return {std::move(with), std::make_shared<AnswerKeys>(AnswerKeys::Key{1})};
}

TEST(CachePolicy, CachesToolsAndPromptsThatTheOperatorNamedOnly_F40) {
  EXPECT_TRUE(policy().order_for(*call({})));
  EXPECT_TRUE(policy().order_for(*call({"prompts/get", "look_at"})));
  EXPECT_FALSE(policy().order_for(*call({"tools/call", "delete_all"})));
  EXPECT_FALSE(policy().order_for(*call({"prompts/get", "other"})));
  for (auto const* const method :
       {"tools/list", "completion/complete", "ping", "tasks/get", "logging/setLevel"}) {
    EXPECT_FALSE(policy().order_for(*call({method, ""}))) << method;
  }
}

TEST(CachePolicy, TrustsWhatToolsSayOfThemselvesOnlyWhenTold) {
  Asked const reader{"tools/call", "other", "", true};
  EXPECT_FALSE(policy().order_for(*call(reader)));
  auto trusting = rules();
  trusting.trust_hints = true;
  EXPECT_TRUE(policy(trusting).order_for(*call(reader)));
  EXPECT_FALSE(policy(trusting).order_for(*call({"tools/call", "other"})));
  EXPECT_FALSE(policy(trusting).order_for(*call({"prompts/get", "other", "", true})));
}

TEST(CachePolicy, TakesTheLifetimeThatIsSaidNearest_R081) {
  auto with = rules();
  EXPECT_EQ(policy(with).order_for(*call({}))->ttl, 1h);  // l2.ttl_seconds
  with.ttl = 7200s;
  EXPECT_EQ(policy(with).order_for(*call({}))->ttl, 7200s);
  EXPECT_EQ(policy(with).order_for(*call({"tools/call", "search_x"}))->ttl, 20s);
  with.operations[0].ttl = 0s;
  EXPECT_FALSE(policy(with).order_for(*call({"tools/call", "search_x"})));
}

TEST(CachePolicy, CachesResourcesByHintOrByConfiguredLifetime) {
  Asked const read{"resources/read", "file:///a"};
  auto with = rules();
  EXPECT_TRUE(policy(with).order_for(*call(read))->hinted);
  EXPECT_FALSE(policy(with).order_for(*call(read))->ttl);
  with.honour_hints = false;
  EXPECT_FALSE(policy(with).order_for(*call(read)));
  with.ttl = 60s;
  EXPECT_EQ(policy(with).order_for(*call(read))->ttl, 60s);
  EXPECT_EQ(policy(with).order_for(*call(read))->labels.operation, "resources/read");
  EXPECT_EQ(policy(with).order_for(*call(read))->labels.target, "file:///a");
}

TEST(CachePolicy, LeavesRetriesAndTasksAlone_P091) {
  EXPECT_FALSE(policy().order_for(*call({"tools/call", "look_up", R"(,"inputResponses":{})"})));
  EXPECT_FALSE(policy().order_for(*call({"tools/call", "look_up", R"(,"requestState":"s")"})));
  EXPECT_FALSE(policy().order_for(
      *call({"tools/call", "look_up", R"(,"task":{"ttl":1})", false, false, mcp::Revision::r2025_11_25})));
  EXPECT_TRUE(policy().order_for(*call({"tools/call", "look_up", R"(,"arguments":{"task":"sweep"})"})));
}

TEST(CachePolicy, KnowsTheWishForATaskInWhateverSpelling_F40) {
  EXPECT_FALSE(policy().order_for(*call(
      {"tools/call", "look_up", R"(,"t\u0061sk":{"ttl":1})", false, false, mcp::Revision::r2025_11_25})));
}

TEST(CachePolicy, UsesAStaleCopyOnlyForAMomentUnlessToldOtherwise) {
  EXPECT_EQ(policy().order_for(*call({}))->stale_while_revalidate, 30s);
  EXPECT_EQ(policy().order_for(*call({"tools/call", "search_x"}))->stale_while_revalidate, 2s);
  auto with = rules();
  with.stale_while_revalidate = 5min;
  EXPECT_EQ(policy(with).order_for(*call({}))->stale_while_revalidate, 5min);
  with.operations[1].stale_while_revalidate = 0s;
  EXPECT_EQ(policy(with).order_for(*call({}))->stale_while_revalidate, 0s);
  with.configured = false;  // hints alone: their end is the end
  EXPECT_EQ(policy(with).order_for(*call({"resources/read", "a:b"}))->stale_while_revalidate, 0s);
}

TEST(CachePolicy, KnowsUpdatesByConfigurationOrByWhatTheToolSays_R085) {
  EXPECT_TRUE(policy().updates(*call({"tools/call", "page_update"})));
  EXPECT_TRUE(policy().updates(*call({"tools/call", "other", "", false, true})));
  EXPECT_FALSE(policy().updates(*call({"tools/call", "other"})));
  EXPECT_FALSE(policy().updates(*call({"tools/call", "look_up", "", false, true})));  // named for the cache
  EXPECT_FALSE(policy().updates(*call({"prompts/get", "page_update"})));
  auto with = rules();
  with.on_update = false;
  EXPECT_FALSE(policy(with).updates(*call({"tools/call", "page_update"})));
}

TEST(CachePolicy, LetsAnUpdateTouchWhatSharesItsTagElseItsServer_F36) {
  auto touched = policy().touched_by(*call({"tools/call", "page_update"}));
  ASSERT_EQ(touched.size(), 1U);
  EXPECT_EQ(touched[0], (store::Selection{"docs", "", "", ""}));
  auto with = rules();
  OperationRule update;
  update.pattern = "page_update";
  update.ttl = 0s;
  update.tags = {"pages"};
  with.operations.push_back(update);
  touched = policy(with).touched_by(*call({"tools/call", "page_update"}));
  ASSERT_EQ(touched.size(), 2U);
  EXPECT_EQ(touched[0], (store::Selection{"docs", "search_*", "", ""}));
}

TEST(CachePolicy, IsOffWhenItIsSwitchedOff_F43) {
  auto with = rules();
  with.enabled = false;
  EXPECT_FALSE(policy(with).order_for(*call({})));
  EXPECT_FALSE(policy(with).updates(*call({"tools/call", "page_update"})));
}

}  // namespace
}  // namespace weir::cache
