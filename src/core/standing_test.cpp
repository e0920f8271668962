#include "core/standing.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

Standing standing(std::string const& method, bool background = false) {
  Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}")));
  call.background = background;
  return standing_of(call);
}

TEST(Standing, ListsPingsAndCancelsAreControl) {
  for (auto const* method : {"ping", "initialize", "server/discover", "tools/list",
                             "resources/templates/list", "tasks/cancel", "notifications/cancelled"})
    EXPECT_EQ(standing(method), Standing::control) << method;
}

TEST(Standing, WhatSomebodyWaitsForIsInteractiveAndTheRestIsBackground) {
  EXPECT_EQ(standing("tools/call"), Standing::interactive);
  EXPECT_EQ(standing("resources/read"), Standing::interactive);
  EXPECT_EQ(standing("resources/read", true), Standing::background);
}

}  // namespace
}  // namespace weir::core
