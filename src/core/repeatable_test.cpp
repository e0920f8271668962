#include "core/repeatable.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

Call call_of(std::string_view method) {
  return Call(
      std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"("})")));
}

TEST(Repeatable, GoesByMethodForAllButTools_F53) {
  RepeatRules const rules;
  EXPECT_TRUE(may_be_repeated(call_of("resources/read"), rules));
  EXPECT_TRUE(may_be_repeated(call_of("prompts/get"), rules));
  EXPECT_TRUE(may_be_repeated(call_of("tools/list"), rules));
  EXPECT_FALSE(may_be_repeated(call_of("tools/call"), rules));
  EXPECT_FALSE(may_be_repeated(call_of("made/up"), rules));
}

TEST(Repeatable, ToolsNeedTheOperatorsWord_F53) {
  auto call = call_of("tools/call");
  call.target = "search_pages";
  call.says_read_only = true;
  EXPECT_FALSE(may_be_repeated(call, {}));
  EXPECT_TRUE(may_be_repeated(call, {.idempotent = {}, .trust_hints = true}));
  EXPECT_TRUE(may_be_repeated(call, {.idempotent = {"get_*", "search_*"}}));
  EXPECT_FALSE(may_be_repeated(call, {.idempotent = {"get_*"}}));
  call.cacheable = true;
  EXPECT_TRUE(may_be_repeated(call, {}));
  call.updates = true;
  EXPECT_FALSE(may_be_repeated(call, {.idempotent = {"*"}, .trust_hints = true}));
}

TEST(Repeatable, AToolThatSaysItIsIdempotentAndDestroysIsNotTrusted) {
  auto call = call_of("tools/call");
  call.target = "delete_page";
  call.says_idempotent = call.says_writes = true;
  EXPECT_FALSE(may_be_repeated(call, {.idempotent = {}, .trust_hints = true}));
}

}  // namespace
}  // namespace weir::core
