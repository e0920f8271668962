#include "upstream/session_count.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

struct SessionCounts : testing::Test {
  base::VirtualLoop loop;
  observe::Metrics metrics{
      {.version = {}, .revision = {}, .protocol_versions = {"2025-03-26", "2025-06-18"}}};
  observe::Gauge open = metrics.server("a").upstream_sessions;
  SessionCount session{loop, open, metrics.gateway().client_sessions_tcp};

  // "number of sessions, their seconds together"
  std::string lasted(std::string const& version) {
    auto const text = metrics.render();
    auto const of = [&](std::string const& part) {
      auto const series = "mcp_client_session_duration_seconds_" + part + "{mcp_protocol_version=\"" +
                          version + "\",network_transport=\"tcp\"} ";
      auto const at = text.find(series) + series.size();
      return text.substr(at, text.find('\n', at) - at);
    };
    return of("count") + ", " + of("sum");
  }
};

TEST_F(SessionCounts, IsMeasuredOnceItHasEndedUnderItsRevision) {
  session.begin(mcp::Revision::r2025_06_18);
  loop.advance(90s);
  EXPECT_EQ(lasted("2025-06-18"), "0, 0") << "it is still open";
  session.end();
  session.end();
  EXPECT_EQ(lasted("2025-06-18"), "1, 90");
  EXPECT_EQ(lasted("2025-03-26"), "0, 0");
  EXPECT_EQ(open.value(), 0);
}

TEST_F(SessionCounts, OneThatTakesTheOthersPlaceEndsIt) {
  session.begin(mcp::Revision::r2025_03_26);
  loop.advance(5s);
  session.begin(mcp::Revision::r2025_06_18);
  EXPECT_EQ(open.value(), 1);
  EXPECT_EQ(lasted("2025-03-26"), "1, 5");
  EXPECT_EQ(lasted("2025-06-18"), "0, 0");
}

TEST_F(SessionCounts, OneThatGoesEnds) {
  {
    SessionCount other(loop, open, metrics.gateway().client_sessions_tcp);
    other.begin(mcp::Revision::r2025_06_18);
    loop.advance(1s);
    EXPECT_EQ(open.value(), 1);
  }
  EXPECT_EQ(open.value(), 0);
  EXPECT_EQ(lasted("2025-06-18"), "1, 1");
}

}  // namespace
}  // namespace weir::upstream
