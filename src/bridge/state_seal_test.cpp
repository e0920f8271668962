#include "bridge/state_seal.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"

namespace weir::bridge {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kNow{1h};

struct StateSeal : testing::Test {
  base::SeededRandom random{1};
  StateSealer sealer{random};
  core::Principal me{"key:me", "key", {}}, other{"key:other", "key", {}};

  std::string binding(std::string const& params, std::string const& method = "tools/call",
                      core::Principal const* who = nullptr, std::string const& target = "t",
                      std::string_view server = "s") {
    auto const call =
        test::call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
                      mcp::kNewest, nullptr);
    call->principal = who != nullptr ? who : &me;
    call->target = target;
    return binding_of(*call, server);
  }
};

TEST_F(StateSeal, AStateOpensForWhatItWasMadeForUntilItExpires) {
  auto const state = sealer.seal("handle", "binding", kNow);
  EXPECT_EQ(sealer.open(state, "binding", kNow - 1ms), "handle");
  EXPECT_EQ(sealer.open(state, "binding", kNow), std::nullopt);
  EXPECT_EQ(sealer.open(state, "another", kNow - 1ms), std::nullopt);
  EXPECT_EQ(StateSealer(random).open(state, "binding", kNow - 1ms), std::nullopt) << "another process's";
}

TEST_F(StateSeal, NoByteOfAStateCanBeChanged) {  // P060
  auto const state = sealer.seal("handle", "binding", kNow);
  for (std::size_t i = 0; i < state.size(); ++i) {
    auto forged = state;
    forged[i] = forged[i] == '1' ? '2' : '1';
    EXPECT_EQ(sealer.open(forged, "binding", base::TimePoint{}), std::nullopt) << i;
  }
  for (std::string const text : {"", ".", "..", "1.x.", "x"}) {
    EXPECT_EQ(sealer.open(text, "binding", base::TimePoint{}), std::nullopt) << text;
  }
  EXPECT_EQ(sealer.open(std::string(100'000, '.'), "binding", base::TimePoint{}), std::nullopt);
}

TEST_F(StateSeal, ABindingIsOfOnePrincipalServerMethodTargetAndParams) {  // P061
  auto const own = binding(R"({"name":"x","arguments":{"a":1,"b":2}})");
  EXPECT_EQ(own, binding(R"({"arguments":{ "b":2,"a":1},"name":"y","_meta":{"progressToken":7},)"
                         R"("requestState":"s","inputResponses":{}})"));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":3}})"));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":2},"task":{}})"));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":2}})", "prompts/get"));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":2}})", "tools/call", &other));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":2}})", "tools/call", &me, "u"));
  EXPECT_NE(own, binding(R"({"name":"x","arguments":{"a":1,"b":2}})", "tools/call", &me, "t", "r"));
}

}  // namespace
}  // namespace weir::bridge
