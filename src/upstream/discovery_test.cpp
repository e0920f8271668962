#include "upstream/discovery.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/call_of.hpp"

namespace weir::upstream {
namespace {

using test::message_of;
using Kind = NextStep::Kind;

std::string discovered(std::string versions) {
  return R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{},"supportedVersions":)" + versions + "}}";
}
std::string initialized(std::string version) {
  return R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{},"protocolVersion":")" + version + "\"}}";
}
std::string error(int code, std::string data = "{}") {
  return R"({"jsonrpc":"2.0","id":1,"error":{"code":)" + std::to_string(code) + R"(,"message":"no","data":)" +
         data + "}}";
}
std::string supported(std::string versions) { return R"({"x":1,"supported":)" + versions + "}"; }

// What came back, and what Weir does next: "discover", "initialize 2025-11-25", "modern 2026-07-28", "failed
// busy", …
struct Row {
  int status;
  std::string body;  // "": none that is a message
  std::string next;
};

std::string words_of(NextStep const& next) {
  static constexpr char const* kKinds[] = {"discover", "initialize", "open_sse",
                                           "modern",   "legacy",     "failed"};
  std::string words = kKinds[static_cast<int>(next.kind)];
  words += ' ';
  if (next.kind == Kind::failed) return words + base::name_of(next.error.fault);
  return words.append(mcp::text_of(next.revision));
}

NextStep give(HttpDiscovery& discovery, Row const& row) {
  if (row.body.empty()) return discovery.answered(row.status, nullptr);
  auto const message = message_of(row.body);
  return discovery.answered(row.status, &message);
}

TEST(HttpDiscovery, DecidesEveryAnswerToTheProbe) {  // P010–P013
  std::vector<Row> const rows{
      {200, discovered(R"(["2025-11-25","2026-07-28"])"), "modern 2026-07-28"},
      {200, discovered(R"(["2099-01-01","2026-07-28"])"), "modern 2026-07-28"},
      {200, discovered(R"(["2024-11-05","2025-06-18"])"), "initialize 2025-06-18"},
      {200, discovered(R"(["2099-01-01"])"), "failed protocol"},
      {200, discovered("[]"), "failed protocol"},
      {200, discovered("7"), "initialize 2025-11-25"},
      {200, R"({"jsonrpc":"2.0","id":1,"result":{}})", "initialize 2025-11-25"},
      {200, error(-32601), "initialize 2025-11-25"},
      {200, error(-32022, supported(R"(["2026-07-28"])")), "discover 2026-07-28"},
      {202, "", "initialize 2025-11-25"},
      {400, error(-32022, supported(R"(["2026-07-28","2025-11-25"])")), "discover 2026-07-28"},
      {400, error(-32022, supported(R"(["2025-03-26","2025-11-25"])")), "initialize 2025-11-25"},
      {400, error(-32022, supported(R"(["2099-01-01"])")), "failed protocol"},
      {400, error(-32022), "failed protocol"},
      {400, error(-32020), "failed protocol"},
      {400, error(-32021), "failed protocol"},
      {400, error(-32000), "initialize 2025-11-25"},
      {400, error(-32600), "initialize 2025-11-25"},
      {400, "", "initialize 2025-11-25"},
      {404, "", "initialize 2025-11-25"},
      {405, "", "initialize 2025-11-25"},
      {406, "", "initialize 2025-11-25"},
      {415, error(-32000), "initialize 2025-11-25"},
      {401, "", "failed unauthenticated"},
      {401, error(-32022, supported(R"(["2025-11-25"])")), "failed unauthenticated"},
      {403, error(-32601), "failed denied"},
      {408, "", "failed busy"},
      {429, "", "failed busy"},
      {500, error(-32601), "failed unavailable"},
      {503, "", "failed unavailable"},
      {302, "", "failed config"},
  };
  for (auto const& row : rows) {
    HttpDiscovery discovery;
    EXPECT_EQ(words_of(discovery.start()), "discover 2026-07-28");
    auto const next = give(discovery, row);
    EXPECT_EQ(words_of(next), row.next) << row.status << " " << row.body;
    if (next.kind == Kind::failed) {
      EXPECT_FALSE(next.error.hint.empty()) << row.status << " " << row.body;
    }
  }
}

TEST(HttpDiscovery, CorrectsTheVersionExactlyOnceAndNeverInitialisesAModernServer) {  // P012
  HttpDiscovery discovery;
  discovery.start();
  Row const again{400, error(-32022, supported(R"(["2026-07-28","2025-11-25"])")), {}};
  EXPECT_EQ(words_of(give(discovery, again)), "discover 2026-07-28");
  EXPECT_EQ(words_of(give(discovery, again)), "failed protocol");
}

TEST(HttpDiscovery, DecidesEveryAnswerToInitialize) {
  std::vector<Row> const rows{
      {200, initialized("2025-11-25"), "legacy 2025-11-25"},
      {200, initialized("2024-11-05"), "legacy 2024-11-05"},
      {200, initialized("2026-07-28"), "failed protocol"},
      {200, initialized("1.0"), "failed protocol"},
      {200, R"({"jsonrpc":"2.0","id":1,"result":{}})", "failed protocol"},
      {200, error(-32602, supported(R"(["2024-11-05"])")), "initialize 2024-11-05"},
      {400, error(-32602, supported(R"(["2099-01-01"])")), "failed protocol"},
      {400, error(-32000), "failed protocol"},
      {400, "", "open_sse 2024-11-05"},
      {404, "", "open_sse 2024-11-05"},
      {405, "", "open_sse 2024-11-05"},
      {405, error(-32000), "open_sse 2024-11-05"},
      {415, "", "failed protocol"},
      {200, "", "failed protocol"},
      {401, "", "failed unauthenticated"},
      {403, "", "failed denied"},
      {502, "", "failed unavailable"},
  };
  for (auto const& row : rows) {
    HttpDiscovery discovery;
    discovery.start();
    EXPECT_EQ(words_of(give(discovery, {404, "", {}})), "initialize 2025-11-25");
    EXPECT_EQ(words_of(give(discovery, row)), row.next) << row.status << " " << row.body;
  }
}

TEST(HttpDiscovery, OffersALegacyVersionTheServerNamesOnlyOnce) {
  HttpDiscovery discovery;
  discovery.start();
  give(discovery, {404, "", {}});
  Row const again{200, error(-32602, supported(R"(["2024-11-05"])")), {}};
  EXPECT_EQ(words_of(give(discovery, again)), "initialize 2024-11-05");
  EXPECT_EQ(words_of(give(discovery, again)), "failed protocol");
}

TEST(HttpDiscovery, FallsBackToTwoEndpointsAndInitialisesThere) {
  HttpDiscovery discovery;
  discovery.start();
  give(discovery, {404, "", {}});
  EXPECT_EQ(words_of(give(discovery, {405, "", {}})), "open_sse 2024-11-05");
  HttpDiscovery without = discovery;
  EXPECT_EQ(words_of(without.sse(false)), "failed protocol");
  EXPECT_EQ(words_of(discovery.sse(true)), "initialize 2025-11-25");
  EXPECT_EQ(words_of(give(discovery, {404, "", {}})), "failed protocol") << "no way round in circles";
  EXPECT_EQ(words_of(give(discovery, {202, initialized("2024-11-05"), {}})), "legacy 2024-11-05");
}

TEST(HttpDiscovery, TakesALostConnectionForAnOutage) {  // P011
  HttpDiscovery discovery;
  discovery.start();
  auto const next = discovery.lost(base::Error(base::Fault::timed_out, base::Blame::upstream, "5 s"));
  EXPECT_EQ(words_of(next), "failed timed_out");
  EXPECT_FALSE(next.error.hint.empty());
}

TEST(StdioDiscovery, DecidesEveryAnswerToTheProbe) {  // P010
  std::vector<Row> const rows{
      {0, discovered(R"(["2026-07-28"])"), "modern 2026-07-28"},
      {0, discovered(R"(["2025-06-18"])"), "legacy 2025-06-18"},
      {0, error(-32022, supported(R"(["2026-07-28"])")), "discover 2026-07-28"},
      {0, error(-32022, supported(R"(["2025-06-18"])")), "legacy 2025-06-18"},
      {0, error(-32022, supported(R"(["2099-01-01"])")), "failed protocol"},
      {0, error(-32021), "failed protocol"},
      {0, error(-32601), "legacy 2025-11-25"},
      {0, error(-32602), "legacy 2025-11-25"},
      {0, error(-32000), "legacy 2025-11-25"},
      {0, error(1), "legacy 2025-11-25"},
      {0, R"({"jsonrpc":"2.0","id":1,"result":{}})", "legacy 2025-11-25"},
  };
  for (auto const& row : rows) {
    StdioDiscovery discovery;
    EXPECT_EQ(words_of(discovery.start()), "discover 2026-07-28");
    EXPECT_EQ(words_of(discovery.answered(message_of(row.body))), row.next) << row.body;
  }
  EXPECT_EQ(words_of(StdioDiscovery().silent()), "legacy 2025-11-25");
  EXPECT_EQ(words_of(StdioDiscovery().exited()), "legacy 2025-11-25");
}

TEST(StdioDiscovery, CorrectsTheVersionExactlyOnce) {  // P012
  StdioDiscovery discovery;
  auto const again = message_of(error(-32022, supported(R"(["2026-07-28"])")));
  EXPECT_EQ(words_of(discovery.answered(again)), "discover 2026-07-28");
  EXPECT_EQ(words_of(discovery.answered(again)), "failed protocol");
}

}  // namespace
}  // namespace weir::upstream
