#include "core/resource_notes.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

using Uris = std::vector<std::string>;

TEST(ResourceNotes, EachUriIsReadOnceAsText) {
  EXPECT_EQ(read_watched(R"({"resourceSubscriptions":["x://b","x:\/\/a","x://b"],"toolsListChanged":true})"),
            (Uris{"x://a", "x://b"}));
  EXPECT_EQ(read_watched(R"({"toolsListChanged":true})"), Uris{});
}

TEST(ResourceNotes, WhatIsNoListOfTextsIsNone) {
  for (char const* text :
       {"", "[]", R"({"resourceSubscriptions":"x://a"})", R"({"resourceSubscriptions":[1]})",
        R"({"resourceSubscriptions":["\ud800"]})", R"({"resourceSubscriptions":["a",]})"}) {
    EXPECT_EQ(read_watched(text), std::nullopt) << text;
  }
}

TEST(ResourceNotes, WhatIsWrittenIsJson) {
  EXPECT_EQ(listen_params({"a\"b", "c"}), R"({"notifications":{"resourceSubscriptions":["a\"b","c"]}})");
  EXPECT_EQ(resource_updated("a\"b", R"("_meta":{})"),
            R"({"jsonrpc":"2.0","method":"notifications/resources/updated",)"
            R"("params":{"uri":"a\"b","_meta":{}}})");
}

std::string besides(std::string const& params) {
  return said_besides(*mcp::decode(
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":)" + params + '}'));
}

TEST(ResourceNotes, WhatAnUpdateSaysBesidesItsUriIsReadAsItCame) {  // P082, P118
  EXPECT_EQ(besides(R"({"uri":"x://a"})"), "");
  EXPECT_EQ(besides(R"({ "a" : [ 1 ],"uri":"x://a", "\u0062":1e5 ,"_meta":{"c":"d"}})"),
            R"("a":[ 1 ],"\u0062":1e5,"_meta":{"c":"d"})");
  EXPECT_EQ(besides(R"({"uri":"x://a","_meta":{"io.modelcontextprotocol/subscriptionId":1,"c":2}})"),
            R"("_meta":{"c":2})");
  EXPECT_EQ(besides(R"({"uri":"x://a","_meta":{"io.modelcontextprotocol/subscriptionId":1}})"), "");
  EXPECT_EQ(besides(R"({"uri":"x://a","_meta":7,"a":1})"), R"("a":1)") << "no place for ours";
}

TEST(ResourceNotes, WhatIsTooMuchToKeepForEachReaderIsLeftOut) {
  auto const member = [](std::size_t bytes) { return R"("a":")" + std::string(bytes - 6, 'x') + '"'; };
  EXPECT_EQ(besides(R"({"uri":"x://a",)" + member(kBesidesMax) + '}'), member(kBesidesMax));
  EXPECT_EQ(besides(R"({"uri":"x://a",)" + member(kBesidesMax + 1) + '}'), "");
  EXPECT_EQ(besides(R"({"uri":"x://a",)" + member(100 * kBesidesMax) + '}'), "");
}

}  // namespace
}  // namespace weir::core
