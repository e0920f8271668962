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

TEST(StatusView, IsGoodWhenEveryServerIsOk) {
  EXPECT_TRUE(read_status(R"({"weir":"1","servers":[{"name":"a","state":"ok"}]})")->good());
  EXPECT_TRUE(read_status(R"({"weir":"1","servers":[]})")->good());
  EXPECT_FALSE(read_status(R"({"weir":"1","servers":[{"name":"a","state":"starting"}]})")->good());
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

}  // namespace
}  // namespace weir::app
