#include "app/status_view.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

constexpr char kJson[] =
    R"({"version":1,"weir":"1.0.0","ready":true,"uptime_s":273605,"sessions":3,"in_flight":1,
  "connections":4,"new":{"x":1},"mcp":["http://127.0.0.1:6270/mcp"],"servers":[
  {"name":"github","state":"ok","transport":"http","era":"2026-07-28","tools":43,
   "start_ms":212,"restarts":0,"people_signed_in":2},
  {"name":"files","state":"ok","transport":"stdio","era":"2025-11-25","tools":5,"restarts":2},
  {"name":"postgres","state":"failed","transport":"stdio","era":"","tools":0,"restarts":1,"cause":"exit 1",
   "stderr":"Error: no \u001b[31mDATABASE_URL\n    at main\n"},
  {"name":"slow","state":"starting","transport":"stdio","era":"","tools":0}]})";

TEST(StatusView, IsOneScreen) {
  auto const status = read_status(kJson);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(render_status(*status, false),
            "gateway  ready  up 3d4h  weir 1.0.0\n"
            "mcp      http://127.0.0.1:6270/mcp\n"
            "traffic  1 call in flight, 3 sessions, 4 connections\n"
            "servers  2 ok, 1 starting, 1 failed\n"
            "  github    ok        http   2026-07-28    43 tools  2 people signed in\n"
            "  files     ok        stdio  2025-11-25     5 tools  (2 restarts)\n"
            "  postgres  FAILED  exit 1 (1 restart)\n"
            "    | Error: no ?[31mDATABASE_URL\n"
            "    |     at main\n"
            "  slow      starting  stdio  -              0 tools\n");
  EXPECT_FALSE(status->good());
}

TEST(StatusView, ShowsOnlySoMuchOfTheLastWordsAsCanBeRead) {
  auto const status =
      *read_status(R"({"weir":"1","servers":[{"name":"a","state":"failed","cause":"exit 1","stderr":")" +
                   std::string(1500, 'x') + "\\n" + std::string(500, 'y') + "\"}]}");
  auto const text = render_status(status, false);
  EXPECT_NE(text.find("    | yyyy"), std::string::npos);
  EXPECT_EQ(text.find("xxxx"), std::string::npos);
  EXPECT_LT(text.size(), 700U);
}

TEST(StatusView, IsGoodWhenEveryServerIsOk) {
  EXPECT_TRUE(read_status(R"({"weir":"1","servers":[{"name":"a","state":"ok"}]})")->good());
  EXPECT_TRUE(read_status(R"({"weir":"1","servers":[]})")->good());
  EXPECT_FALSE(read_status(R"({"weir":"1","servers":[{"name":"a","state":"starting"}]})")->good());
}

TEST(StatusView, AnOpenBreakerIsShownAndNotGood) {  // acceptance row 27
  auto const with = [](std::string const& members) {
    return *read_status(R"({"weir":"1","ready":true,"servers":[{"name":"a","state":"ok","breaker":"closed"},)"
                        R"({"name":"jira","state":"ok","transport":"http","era":"2025-11-25","tools":3,)" +
                        members + "}]}");
  };
  auto const line = [](StatusView const& status) {
    auto const text = render_status(status, false);
    return text.substr(text.find("  jira"));
  };
  auto const open =
      with(R"("breaker":"open","breaker_reason":"failure_rate","breaker_s":41,"reopens_in_ms":18001)");
  EXPECT_FALSE(open.good());
  EXPECT_EQ(line(open),
            "  jira  degraded  http   2025-11-25     3 tools  breaker OPEN 41s (too many failures), probe in "
            "19s\n");
  EXPECT_NE(render_status(open, false).find("servers  1 ok, 1 degraded\n"), std::string::npos);
  auto const due = with(R"("breaker":"open","breaker_reason":"failures","breaker_s":99,"reopens_in_ms":0)");
  EXPECT_FALSE(due.good());
  EXPECT_NE(line(due).find("breaker OPEN 1m39s (failures in a row), the next call is a probe"),
            std::string::npos);
  auto const half = with(R"("breaker":"half_open","breaker_reason":"slow_rate","breaker_s":7)");
  EXPECT_FALSE(half.good());
  EXPECT_NE(line(half).find("breaker HALF-OPEN 7s (too many slow calls), probing"), std::string::npos);
  auto const closed = with(R"("breaker":"closed")");
  EXPECT_TRUE(closed.good());
  EXPECT_EQ(line(closed), "  jira  ok        http   2025-11-25     3 tools\n");
}

TEST(StatusView, AServerThatIsDownHasItsBreakerShownToo) {
  auto const status =
      *read_status(R"({"weir":"1","servers":[{"name":"up","state":"failed","cause":"Connection refused",)"
                   R"("breaker":"open","breaker_reason":"failures","breaker_s":2,"reopens_in_ms":60000}]})");
  auto const text = render_status(status, false);
  EXPECT_NE(
      text.find("  up  FAILED  Connection refused  breaker OPEN 2s (failures in a row), probe in 1m0s\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("servers  0 ok, 1 failed\n"), std::string::npos);
}

TEST(StatusView, AnIssuerWithoutKeysIsShownAndNotGood) {
  auto const with = [](std::string const& members) {
    return *read_status(R"({"weir":"1","auth":{"issuer":"https://as.test",)" + members +
                        R"(},"servers":[]})");
  };
  auto const none =
      with(R"("state":"no_keys","cause":"https://as.test/jwks: answered 500; check it","since_s":75)");
  EXPECT_FALSE(none.good());
  EXPECT_NE(
      render_status(none, false)
          .find("auth     https://as.test  NO KEYS 1m15s  https://as.test/jwks: answered 500; check it\n"),
      std::string::npos);
  auto const stale = with(R"("state":"stale","cause":"it is away","since_s":5)");
  EXPECT_TRUE(stale.good()) << "callers are let in";
  EXPECT_NE(render_status(stale, false).find("auth     https://as.test  KEYS STALE 5s  it is away\n"),
            std::string::npos);
  auto const well = with(R"("state":"ok")");
  EXPECT_TRUE(well.good());
  EXPECT_NE(render_status(well, false).find("auth     https://as.test  ok\n"), std::string::npos);
}

TEST(StatusView, RefusesWhatNoGatewayWouldSay) {
  for (auto const* text : {"", "[]", "{}", "{\"weir\":1}", "<html>"}) {
    EXPECT_FALSE(read_status(text).has_value()) << text;
  }
}

TEST(StatusView, HasColoursOnlyWhenAsked) {  // acceptance row 51
  auto const status = read_status(kJson);
  EXPECT_EQ(render_status(*status, false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_status(*status, true).find("\x1b[1;31mFAILED\x1b[0m"), std::string::npos);
}

TEST(StatusView, SaysHowLong) {
  EXPECT_EQ(shown_duration(59), "59s");
  EXPECT_EQ(shown_duration(60), "1m0s");
  EXPECT_EQ(shown_duration(86'399), "23h59m");
  EXPECT_EQ(shown_duration(86'400), "1d0h");
}

TEST(StatusView, AServerWithoutItsListsSaysWhy) {
  auto const status =
      *read_status(R"({"weir":"1","ready":true,"servers":[{"name":"a","state":"ok","tools":0,)"
                   R"("transport":"stdio","era":"2025-11-25","cause":"tools/list: broken"}]})");
  EXPECT_NE(
      render_status(status, false).find("  a  ok        stdio  2025-11-25     0 tools  tools/list: broken\n"),
      std::string::npos)
      << render_status(status, false);
}

}  // namespace
}  // namespace weir::app
