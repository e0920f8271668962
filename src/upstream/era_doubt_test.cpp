#include "upstream/era_doubt.hpp"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

bool doubted(bool modern, int status, std::string const& error) {
  if (error.empty()) return raises_doubt(modern, status, nullptr);
  auto const message = mcp::decode(R"({"jsonrpc":"2.0","id":1,"error":{"message":"m",)" + error + "}}");
  return raises_doubt(modern, status, &*message);
}

std::string code(int number) { return R"("code":)" + std::to_string(number); }
std::string const kVersions = R"("code":-32022,"data":{"supported":["2026-07-28"],"requested":"x"})";

TEST(EraDoubt, IsRaisedByAnyServerThatRefusesAVersionByName) {
  for (bool const modern : {false, true}) {
    for (int const status : {200, 400}) EXPECT_TRUE(doubted(modern, status, kVersions)) << status;
  }
}

TEST(EraDoubt, IsRaisedByALegacyServerThatSpeaksAsAModernOne) {
  for (int const number : {-32022, -32021, -32020, -32602}) {
    EXPECT_TRUE(doubted(false, 400, code(number))) << number;
    EXPECT_FALSE(doubted(false, 200, code(number))) << "a code of its own: " << number;
  }
  for (int const number : {-32000, -32600, -32603}) EXPECT_FALSE(doubted(false, 400, code(number))) << number;
  for (int const status : {400, 404, 405, 500}) EXPECT_FALSE(doubted(false, status, "")) << status;
}

TEST(EraDoubt, IsRaisedByAModernServerThatSpeaksAsALegacyOne) {
  for (int const status : {400, 404, 405}) {
    EXPECT_TRUE(doubted(true, status, "")) << status;
    for (int const number : {-32000, -32001, -32600}) EXPECT_TRUE(doubted(true, status, code(number)));
    for (int const number : {-32020, -32021, -32601, -32602, -32603, -32700})
      EXPECT_FALSE(doubted(true, status, code(number))) << number;
  }
  for (int const status : {200, 401, 403, 408, 413, 429, 500, 503}) {
    EXPECT_FALSE(doubted(true, status, "")) << status;
    EXPECT_FALSE(doubted(true, status, code(-32000))) << status;
  }
}

TEST(EraDoubt, AsksOneAtATimeAndNotSoonAgain) {
  EraDoubt doubt;
  base::TimePoint const now{100s};
  EXPECT_TRUE(doubt.begin(now));
  EXPECT_TRUE(doubt.asking());
  EXPECT_FALSE(doubt.begin(now + 20s)) << "the first one is not over";
  doubt.end(now + 20s);
  EXPECT_FALSE(doubt.asking());
  EXPECT_FALSE(doubt.begin(now + 20s + EraDoubt::kPause - 1ms));
  EXPECT_TRUE(doubt.begin(now + 20s + EraDoubt::kPause));
}

}  // namespace
}  // namespace weir::upstream
