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

std::unique_ptr<router::CatalogSet> set_of(std::string const& tools) {
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
  auto servers = std::make_shared<router::CatalogServers>();
  servers->push_back(std::move(server));
  return std::make_unique<router::CatalogSet>(router::CatalogOptions{}, std::move(servers), 1);
}

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

}  // namespace
}  // namespace weir::app
