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

}  // namespace
}  // namespace weir::core
