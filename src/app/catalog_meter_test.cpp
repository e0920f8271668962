#include "app/catalog_meter.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using router::ListKind;

observe::Metrics::Options metric_options() {
  observe::Metrics::Options options;
  options.protocol_versions = {"2026-07-28"};
  return options;
}

std::string tool(std::string const& name, std::string const& about, std::string const& title = "t") {
  return R"({"name":")" + name + R"(","description":")" + about +
         R"(","inputSchema":{"type":"object","title":")" + title + "\"}}";
}

router::CatalogServer server_of(std::string const& tools) {
  auto contents = std::make_shared<router::ServerContents>();
  contents->capabilities = router::Capabilities::read(R"({"tools":{}})");
  auto list = std::make_shared<router::ItemList>(ListKind::tools, router::ItemListOptions{});
  auto page = mcp::decode(R"({"jsonrpc":"2.0","id":1,"result":{"tools":[)" + tools + "]}}");
  EXPECT_TRUE(page.has_value());
  EXPECT_TRUE(list->add(std::move(*page), base::TimePoint{}).has_value());
  contents->lists[static_cast<std::size_t>(ListKind::tools)] = std::move(list);
  router::CatalogServer server;
  server.name = "s";
  server.readiness = router::Readiness::ready;
  server.contents = std::move(contents);
  return server;
}

std::unique_ptr<router::CatalogSet> set_of(router::CatalogServers servers) {
  return std::make_unique<router::CatalogSet>(
      router::CatalogOptions{}, std::make_shared<router::CatalogServers>(std::move(servers)), 1);
}
std::unique_ptr<router::CatalogSet> set_of(std::string const& tools) { return set_of({server_of(tools)}); }

struct Counts {
  double added, removed, schema, description;
  bool operator==(Counts const&) const = default;
};

Counts counted(std::string const& before, std::string const& now) {
  observe::Metrics metrics(metric_options());
  CatalogMeter meter(metrics);
  auto const was = set_of(before);
  meter.catalog_published(*was, *set_of(now));
  auto const& changes = metrics.server("s").catalog_changes;
  return {changes.of("added").value(), changes.of("removed").value(), changes.of("schema").value(),
          changes.of("description").value()};
}

TEST(CatalogMeter, EachChangeMovesItsCounterByOne) {  // ruling 12
  auto const a = tool("a", "x");
  auto const b = tool("b", "x");
  EXPECT_EQ(counted(a, a), (Counts{0, 0, 0, 0}));
  EXPECT_EQ(counted(a, a + "," + b), (Counts{1, 0, 0, 0}));
  EXPECT_EQ(counted(a + "," + b, a), (Counts{0, 1, 0, 0}));
  EXPECT_EQ(counted(a, tool("a", "x", "u")), (Counts{0, 0, 1, 0}));
  EXPECT_EQ(counted(a, tool("a", "y")), (Counts{0, 0, 0, 1}));
}

struct CatalogTokens : testing::Test {
  observe::Metrics metrics{metric_options()};
  CatalogMeter meter{metrics};
  std::unique_ptr<router::CatalogSet> shown = set_of(router::CatalogServers{});

  double after(router::CatalogServers servers) {
    auto next = set_of(std::move(servers));
    meter.catalog_published(*shown, *next);
    shown = std::move(next);
    return metrics.server("s").catalog_tokens.value();
  }
  static double quarter(std::size_t bytes) { return static_cast<double>((bytes + 3) / 4); }
};

TEST_F(CatalogTokens, AreAQuarterOfTheBytesThatClientsGet) {
  auto const a = tool("a", "x");
  auto const b = tool("b", std::string(1000, 'x'));
  EXPECT_EQ(after({server_of(a)}), quarter(tool("s__a", "x").size()));
  EXPECT_EQ(after({server_of(a + "," + b)}), quarter(2 * std::string("s__").size() + a.size() + b.size()));
  auto alone = server_of(a);
  alone.in_aggregate = false;
  EXPECT_EQ(after({alone}), quarter(a.size())) << "it is shown under its own names only";
}

TEST_F(CatalogTokens, WhatIsHiddenOrWithheldTakesUpNothing) {
  auto const tools = tool("a", "x") + "," + tool("b", std::string(1000, 'x'));
  auto const only_a = quarter(tool("s__a", "x").size());
  auto hiding = server_of(tools);
  hiding.rules.hide = {"b"};
  EXPECT_EQ(after({hiding}), only_a);
  auto withholding = server_of(tools);
  auto suspect = std::make_shared<router::SuspectTools>();
  suspect->general.insert("b");
  withholding.withheld = suspect;
  EXPECT_EQ(after({withholding}), only_a);
}

TEST_F(CatalogTokens, AServerThatIsGoneOrSaysNothingHasNone) {
  EXPECT_GT(after({server_of(tool("a", "x"))}), 0);
  auto silent = server_of(tool("a", "x"));
  silent.contents = nullptr;
  EXPECT_EQ(after({silent}), 0);
  EXPECT_GT(after({server_of(tool("a", "x"))}), 0);
  EXPECT_EQ(after({}), 0);
}

}  // namespace
}  // namespace weir::app
