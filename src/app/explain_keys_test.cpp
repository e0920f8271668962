#include "app/explain_keys.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

std::vector<config::KeyOrigin> const kSet{{"admin.bind", "127.0.0.1:7000", "weir.yaml:3:9"},
                                          {"administrator", "x", "weir.yaml:9:1"},
                                          {"listeners.0.bind", ":7001", "command line:1:10"},
                                          {"servers.a.url", "https://a/${T}", "weir.yaml:5:7"}};

TEST(ExplainKeys, ShowsEveryKeyThatWasSetAndWhoSetIt) {
  EXPECT_EQ(render_keys_text(explain_keys(kSet, "")),
            "admin.bind        127.0.0.1:7000  weir.yaml:3:9\n"
            "administrator     x               weir.yaml:9:1\n"
            "listeners.0.bind  :7001           command line:1:10\n"
            "servers.a.url     https://a/${T}  weir.yaml:5:7\n");
}

TEST(ExplainKeys, ShowsWhatIsBelowAKey) {
  auto const keys = explain_keys(kSet, "admin");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].path, "admin.bind");
}

TEST(ExplainKeys, DescribesASingleKeyAndItsDefault) {
  EXPECT_EQ(render_keys_text(explain_keys(kSet, "listeners.0.bind")),
            "listeners.0.bind  :7001  command line:1:10\n"
            "  `host:port`; an empty host means every interface. `unix:/path` and `fd:name` are not in this "
            "version.\n");
  auto const unset = explain_keys(kSet, "listeners.0.name");
  ASSERT_EQ(unset.size(), 1u);
  EXPECT_EQ(unset[0].value, "default");
  EXPECT_EQ(unset[0].origin, "default");
  auto const probes = explain_keys(kSet, "degradation.docs.breaker.probes");
  ASSERT_EQ(probes.size(), 1u);
  EXPECT_EQ(probes[0].value, "1");
  EXPECT_EQ(probes[0].description, "Tries at the same time.");
  EXPECT_EQ(explain_keys(kSet, "degradation.docs.fallback.0.tool").size(), 1u);
  EXPECT_TRUE(explain_keys(kSet, "listeners.0.nmae").empty());
  EXPECT_TRUE(explain_keys(kSet, "listeners.x.name").empty());
}

TEST(ExplainKeys, IsJsonWhenAsked) {
  EXPECT_EQ(render_keys_json(explain_keys(kSet, "admin.bind")),
            "{\"version\":1,\"keys\":[{\"path\":\"admin.bind\",\"value\":\"127.0.0.1:7000\","
            "\"origin\":\"weir.yaml:3:9\"}]}\n");
  EXPECT_EQ(render_keys_json({}), "{\"version\":1,\"keys\":[]}\n");
}

}  // namespace
}  // namespace weir::app
