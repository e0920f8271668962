#include "cache/answer_key.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/call_of.hpp"

namespace weir::cache {
namespace {

AnswerKeys const kKeys{AnswerKeys::Key{9}};

base::Digest question(std::string const& params, std::vector<std::string> const& ignored = {},
                      mcp::Revision revision = mcp::Revision::r2026_07_28,
                      std::string const& method = "tools/call", std::string const& target = "t") {
  auto const call = test::call_of(
      R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + '}', revision);
  call->target = target;
  return kKeys.question(*call, "server", "revision", ignored);
}

TEST(AnswerKey, IsTheSameForAllSpellingsOfOneQuestion_T23) {
  auto const plain = question(R"({"name":"x__t","arguments":{"a":1,"b":"é","c":[true,null]}})");
  EXPECT_EQ(plain, question(R"({ "arguments" : {"c":[ true , null ],"b":"\u00e9","a":1} , "name":"t" })"));
  EXPECT_EQ(plain, question(R"({"name":"x__t","arguments":{"a":1,"b":"é","c":[true,null]},)"
                            R"("_meta":{"progressToken":7,"vendor/trace":"z"}})"));
}

TEST(AnswerKey, DiffersWhereTheQuestionDoes_F34) {
  std::set<std::string> seen;
  auto const add = [&seen](base::Digest const& key) { EXPECT_TRUE(seen.insert(base::hex_of(key)).second); };
  add(question(R"({"arguments":{"a":1}})"));
  add(question(R"({"arguments":{"a":2}})"));
  add(question(R"({"arguments":{"a":"1"}})"));
  add(question(R"({"arguments":{"a":1.5}})"));
  add(question(R"({"arguments":{"a":[1]}})"));
  add(question(R"({"arguments":{"b":1}})"));
  add(question(R"({"arguments":{"a":1,"a":2}})"));
  add(question(R"({"arguments":{"a":2,"a":1}})"));
  add(question(R"({"arguments":{}})"));
  add(question(R"({})"));
  add(question(R"({"arguments":{"a":1},"more":1})"));
  add(question(R"({"arguments":{"a":null}})"));
  add(question(R"({"arguments":{"a":false}})"));
  add(question(R"({"arguments":{"a":""}})"));
  add(question(R"({"arguments":{"a":1}})", {}, mcp::Revision::r2025_11_25));
  add(question(R"({"arguments":{"a":1}})", {}, mcp::Revision::r2026_07_28, "prompts/get"));
  add(question(R"({"arguments":{"a":1}})", {}, mcp::Revision::r2026_07_28, "tools/call", "t:*"));
  add(question(
      R"({"arguments":{"a":1},"_meta":{"io.modelcontextprotocol/clientCapabilities":{"roots":{}}}})"));
}

// A separator inside a name must not make two lists of fields look alike.
TEST(AnswerKey, KnowsWhereEachFieldEnds_F34) {
  std::array<std::string_view, 2> const one{"ab", "c"}, other{"a", "bc"};
  EXPECT_NE(kKeys.digest(one), kKeys.digest(other));
  std::array<std::string_view, 2> const empty{"", "x"};
  std::array<std::string_view, 1> const alone{"x"};
  EXPECT_NE(kKeys.digest(empty), kKeys.digest(alone));
}

TEST(AnswerKey, LeavesOutArgumentsThatDoNotMatter) {
  auto const with = [](std::string const& id) {
    return question(R"({"arguments":{"q":"a","request_id":")" + id + R"("}})", {"request_id"});
  };
  EXPECT_EQ(with("1"), with("2"));
  EXPECT_EQ(with("1"), question(R"({"arguments":{"q":"a"}})", {"request_id"}));
  EXPECT_NE(with("1"), question(R"({"arguments":{"q":"b","request_id":"1"}})", {"request_id"}));
}

TEST(AnswerKey, IsNothingWithoutTheSecret) {
  AnswerKeys const other{AnswerKeys::Key{10}};
  std::array<std::string_view, 1> const fields{"x"};
  EXPECT_NE(kKeys.digest(fields), other.digest(fields));
}

TEST(AnswerKey, KeepsCallersApartByTokenOrByWhoTheyAre) {
  core::Principal const one{"key:a", "key", {"x", "y"}, "token 1"};
  core::Principal const same_person{"key:a", "key", {"y", "x"}, "token 2"};
  core::Principal const less{"key:a", "key", {"x"}, "token 1"};
  core::Principal const other{"key:b", "key", {"x", "y"}, "token 3"};
  EXPECT_NE(kKeys.partition(one, PartitionBy::token, ""),
            kKeys.partition(same_person, PartitionBy::token, ""));
  EXPECT_EQ(kKeys.partition(one, PartitionBy::principal, ""),
            kKeys.partition(same_person, PartitionBy::principal, ""));
  EXPECT_NE(kKeys.partition(one, PartitionBy::principal, ""),
            kKeys.partition(less, PartitionBy::principal, ""));
  EXPECT_NE(kKeys.partition(one, PartitionBy::principal, ""),
            kKeys.partition(other, PartitionBy::principal, ""));
  EXPECT_NE(kKeys.partition(one, PartitionBy::token, "s1"), kKeys.partition(one, PartitionBy::token, "s2"));
  EXPECT_EQ(kKeys.who("key:a"), kKeys.who("key:a"));
  EXPECT_NE(kKeys.who("key:a"), kKeys.who("key:b"));
}

}  // namespace
}  // namespace weir::cache
