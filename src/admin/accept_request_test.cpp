#include "admin/accept_request.hpp"

#include <gtest/gtest.h>

#include "admin/change_body.hpp"

namespace weir::admin {
namespace {

TEST(AcceptRequest, IsReadBackAsItWasWritten) {
  for (auto const& [server, tool] : {std::pair{"files", "a\"b"}, std::pair{"files", ""}}) {
    auto const read = parse_accept(accept_body({server, tool, "acme"}));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->server, server);
    EXPECT_EQ(read->tool, tool);
    EXPECT_EQ(read->tenant, "acme");
    EXPECT_EQ(parse_accept(accept_body({server, tool, ""}))->tenant, "");
  }
  EXPECT_EQ(accept_answer({"a", "b"}), "{\"version\":1,\"accepted\":[\"a\",\"b\"]}\n");
}

TEST(AcceptRequest, WhatIsNoneIsRefused) {
  for (auto const* const body : {"", "[]", "{}", R"({"tool":"a"})", R"({"server":""})", R"({"server":1})",
                                 R"({"server":"a","tool":""})", R"({"server":"a","tol":"b"})"}) {
    EXPECT_FALSE(parse_accept(body).has_value()) << body;
  }
}

TEST(AcceptRequest, ItsSizeIsBounded) {
  auto body = accept_body({"a", "b", ""});
  body += std::string(kChangeBytesMax - body.size(), ' ');
  EXPECT_TRUE(parse_accept(body).has_value());
  EXPECT_FALSE(parse_accept(body + " ").has_value());
}

}  // namespace
}  // namespace weir::admin
