#include "router/uri_edits.hpp"

#include <gtest/gtest.h>

#include "core/outcome.hpp"

namespace weir::router {
namespace {

std::string shown(std::string_view own) { return prefixed_uri(own, "s"); }

TEST(UriEdits, ReplaceOnlyWhatIsAUriOfTheServer) {  // P082, P120
  EXPECT_EQ(
      with_shown_uris(
          R"({"result":{"contents":[{"uri":"a:\/\/1", "text":"\"uri\":\"a://1\"\r\n"},{"uri":"a://2"}]}})",
          shown),
      R"({"result":{"contents":[{"uri":"a://s/1", "text":"\"uri\":\"a://1\"\r\n"},{"uri":"a://s/2"}]}})");
  EXPECT_EQ(with_shown_uris(R"({"content":[{"type":"resource_link","uri":"a://1"},)"
                            R"({"resource":{"uri":"a://2"},"_meta":{"uri":"a://3"}},1],)"
                            R"("structuredContent":{"uri":"a://4"}, "uri":7 })",
                            shown),
            R"({"content":[{"type":"resource_link","uri":"a://s/1"},)"
            R"({"resource":{"uri":"a://s/2"},"_meta":{"uri":"a://3"}},1],)"
            R"("structuredContent":{"uri":"a://4"}, "uri":7 })");
  EXPECT_EQ(with_shown_uris(R"({"skill":{"uri":"a://1","frontmatter":{"uri":"a://2"},)"
                            R"("resources":[{"uri":"a://3"}]}})",
                            shown),
            R"({"skill":{"uri":"a://s/1","frontmatter":{"uri":"a://2"},"resources":[{"uri":"a://s/3"}]}})");
}

TEST(UriEdits, KeepTheEditsAnAnswerAlreadyHas) {
  auto outcome = core::from_result(R"({"contents":[{"uri":"a://1"}],"ttlMs":5})");
  outcome.edits.replace(outcome.message.span(mcp::Field::ttl_ms), "0");
  std::string text;
  with_shown_uris(std::move(outcome), shown).edits.append_to(text);
  EXPECT_EQ(text, R"({"jsonrpc":"2.0","id":0,"result":{"contents":[{"uri":"a://s/1"}],"ttlMs":0}})");

  text.clear();
  with_shown_uris(core::from_error(-32602, "m", R"({"uri":"a://1"})"), shown).edits.append_to(text);
  EXPECT_NE(text.find(R"({"uri":"a://1"})"), std::string::npos);
}

TEST(UriEdits, LeaveAnAnswerAloneThatNeedsNone) {
  std::string const same = R"({"contents":[{"uri":"b:\/\/1"},{"uri":"a://1"}]})";
  auto const some = [](std::string_view own) { return own[0] == 'b' ? std::string(own) : shown(own); };
  EXPECT_EQ(with_shown_uris(same, some), R"({"contents":[{"uri":"b:\/\/1"},{"uri":"a://s/1"}]})");
  for (auto const* result :
       {R"({"contents":[{"uri":"b:\/\/1"}],"ttlMs":5})", R"({"text":"uri","ttlMs":5})"}) {
    auto outcome = core::from_result(result);
    outcome.edits.replace(outcome.message.span(mcp::Field::ttl_ms), "0");
    auto const* const bytes = outcome.message.bytes().data();
    auto const answer = with_shown_uris(std::move(outcome), some);
    EXPECT_EQ(answer.message.bytes().data(), bytes) << result;
    EXPECT_FALSE(answer.edits.empty());
  }
}

TEST(UriEdits, APrefixIsTakenAwayAgain) {
  for (std::string const own :
       {"ui://app/view.html", "file:///etc/x", "skill://refunds", "a://s/s", "x://"}) {
    auto const with = prefixed_uri(own, "s");
    EXPECT_EQ(unprefixed_uri(with, "s"), own);
    EXPECT_EQ(unprefixed_uri(with, "t"), "");
  }
  EXPECT_EQ(prefixed_uri("file:///etc/x", "s"), "file://s//etc/x");
  EXPECT_EQ(prefixed_uri("urn:x", "s"), "");
  for (char const* no : {"urn:x", "a://s", "a://st/x", "a://"}) EXPECT_EQ(unprefixed_uri(no, "s"), "") << no;
}

}  // namespace
}  // namespace weir::router
