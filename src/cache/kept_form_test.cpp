#include "cache/kept_form.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"

namespace weir::cache {
namespace {

using namespace std::chrono_literals;
constexpr base::TimePoint kNow{1000h};

std::unique_ptr<core::Call> reading(mcp::Revision revision = mcp::Revision::r2026_07_28) {
  return test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b"}})",
                       revision);
}

std::string text_of(core::Outcome const& outcome) {
  std::string text;
  outcome.edits.append_to(text);
  return text;
}

KeptAnswer kept(std::string const& result) {
  auto const form = kept_form(core::from_result(result));
  AnswerFacts facts;
  facts.fetched = kNow - 2s;
  facts.fresh_for = 10s;
  facts.kept_for = 100s;
  facts.meta_at = form.meta_at;
  return KeptAnswer::make(facts, {}, form.bytes);
}

std::string reused(std::string const& result, mcp::Revision revision = mcp::Revision::r2026_07_28) {
  auto const call = reading(revision);
  auto outcome = handed_out(*call, kept(result), false, core::CacheUse::hit, "memory", kNow);
  auto text = text_of(outcome);
  EXPECT_TRUE(mcp::decode(text).has_value()) << text;
  return text;
}

TEST(KeptForm, PutsBackWhatIsLeftOfTheFreshnessAndSaysWhereItCameFrom_P097) {
  EXPECT_EQ(
      reused(R"({"resultType":"complete","ttlMs":10000,"contents":[],"cacheScope":"public"})"),
      R"({"jsonrpc":"2.0","id":0,"result":{"cacheScope":"private","ttlMs":8000,"_meta":{"dev.weir/cache":)"
      R"({"status":"hit","tier":"memory","ageMs":2000,"leftMs":8000}},"resultType":"complete","contents":[]}})");
}

TEST(KeptForm, GoesIntoTheMetaThatIsThereByteForByte_P082) {
  EXPECT_EQ(
      reused(R"({"_meta":{"x": 1.50},"ttlMs":1, "contents" : [ ]})"),
      R"({"jsonrpc":"2.0","id":0,"result":{"cacheScope":"private","ttlMs":8000,"_meta":{"dev.weir/cache":)"
      R"({"status":"hit","tier":"memory","ageMs":2000,"leftMs":8000},"x": 1.50}, "contents" : [ ]}})");
  EXPECT_NE(reused(R"({"contents":[],"_meta":{}})").find(R"("_meta":{"dev.weir/cache":{"status")"),
            std::string::npos);
  EXPECT_NE(reused(R"({"cacheScope":"public","ttlMs":5})").find(R"("leftMs":8000}}}})"), std::string::npos);
}

TEST(KeptForm, IsSentFromWhereItIsKeptAndKeepsItMeanwhile) {
  auto const call = reading();
  auto answer = kept(R"({"contents":[{"uri":"a:b","text":"long enough to be seen"}]})");
  char const* const place = answer.bytes().data();
  auto outcome = handed_out(*call, answer, false, core::CacheUse::hit, "memory", kNow);
  answer = KeptAnswer();  // it has left the cache
  auto const moved = std::move(outcome);
  EXPECT_EQ(moved.message.bytes().data(), place);
  EXPECT_EQ(moved.message.raw(mcp::Field::id), "0");
  auto const copy = moved.message.copy();
  EXPECT_NE(copy.bytes().data(), place);
  EXPECT_EQ(copy.bytes(), moved.message.bytes());
  EXPECT_NE(text_of(moved).find("long enough to be seen"), std::string::npos);
}

TEST(KeptForm, GivesOlderClientsNoHints) {
  auto const text = reused(R"({"contents":[]})", mcp::Revision::r2025_11_25);
  EXPECT_EQ(text.find("ttlMs\":"), std::string::npos);
  EXPECT_NE(text.find("dev.weir/cache"), std::string::npos);
}

TEST(KeptForm, TakesTheEditsInThatTheClientWouldHaveSeen) {
  auto outcome = core::from_result(R"({"contents":[],"secret":1})");
  outcome.edits.insert_member(outcome.message.span(mcp::Field::result), "resultType", R"("complete")");
  EXPECT_EQ(kept_form(outcome).bytes,
            R"({"jsonrpc":"2.0","id":0,"result":{"resultType":"complete","contents":[],"secret":1}})");
}

TEST(KeptForm, KnowsMetaInWhateverSpellingAndDropsOneThatIsNone) {
  auto const escaped = reused(R"({"_m\u0065ta":{"a":1},"contents":[]})");
  EXPECT_NE(escaped.find(R"("_m\u0065ta":{"dev.weir/cache":)"), std::string::npos) << escaped;
  auto const null = reused(R"({"_meta":null,"contents":[]})");
  EXPECT_EQ(null.find("null"), std::string::npos) << null;
  EXPECT_NE(null.find("dev.weir/cache"), std::string::npos);
}

TEST(KeptForm, FindsNoMetaInsideOtherMembers) {
  auto const form = kept_form(core::from_result(R"({"structuredContent":{"_meta":{}},"_meta":{"a":1}})"));
  EXPECT_EQ(form.bytes.substr(form.meta_at), R"({"a":1}}})");
}

TEST(Reuse, KeepsCompleteResultsOnly_F40) {
  auto const of = [](std::string const& result) { return reuse_of(core::from_result(result)); };
  EXPECT_EQ(of(R"({"content":[]})"), Reuse::keep);
  EXPECT_EQ(of(R"({"resultType":"complete","isError":false})"), Reuse::keep);
  EXPECT_EQ(of(R"({"content":[],"isError":true})"), Reuse::share);
  EXPECT_EQ(of(R"({"content":[],"isError":"yes"})"), Reuse::share);
  EXPECT_EQ(of(R"({"resultType":"input_required","inputRequests":{}})"), Reuse::never);  // P090
  EXPECT_EQ(of(R"({"inputRequests":{}})"), Reuse::never);
  EXPECT_EQ(of(R"({"resultType":"task","taskId":"1"})"), Reuse::never);
  EXPECT_EQ(reuse_of(core::from_error(-32603, "no")), Reuse::share);
}

// F-33: an empty value is a value.
TEST(Reuse, TakesAnEmptyResultForAResult_F33) {
  for (auto const* const empty :
       {"{}", R"({"content":[]})", R"({"contents":[]})", R"({"structuredContent":0})",
        R"({"structuredContent":false})", R"({"structuredContent":""})"}) {
    EXPECT_EQ(reuse_of(core::from_result(empty)), Reuse::keep) << empty;
    EXPECT_TRUE(kept(empty)) << empty;
  }
}

TEST(Reuse, KnowsWhatSaysThatAResourceIsNotThere) {
  auto const call = reading();
  EXPECT_TRUE(says_not_found(*call, core::from_error(-32002, "")));
  EXPECT_TRUE(says_not_found(*call, core::from_error(-32602, "")));
  EXPECT_FALSE(says_not_found(*call, core::from_error(-32603, "")));
  EXPECT_FALSE(says_not_found(*call, core::from_result("{}")));
}

}  // namespace
}  // namespace weir::cache
