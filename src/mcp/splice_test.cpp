#include "mcp/splice.hpp"

#include <gtest/gtest.h>

#include <string>

#include "mcp/message.hpp"

namespace weir::mcp {
namespace {

// Both outputs must agree with each other and with size().
std::string edited(Splice const& splice) {
  std::string whole = "before";
  splice.append_to(whole);
  whole.erase(0, 6);
  std::array<iovec, Splice::kPiecesMax> pieces;
  std::string joined;
  std::size_t const used = splice.fill(pieces);
  for (std::size_t i = 0; i < used; ++i) {
    EXPECT_GT(pieces[i].iov_len, 0u);
    joined.append(static_cast<char const*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  EXPECT_EQ(joined, whole);
  EXPECT_EQ(splice.size(), whole.size());
  return whole;
}

TEST(Splice, SendsTheBytesAsTheyAreWithoutEdits) {
  Splice const splice("abc");
  EXPECT_TRUE(splice.empty());
  EXPECT_EQ(edited(splice), "abc");
  EXPECT_EQ(edited(Splice("")), "");
}

TEST(Splice, ReplacesErasesAndInsertsInAnyOrder) {
  Splice splice("0123456789");
  splice.replace_owned({8, 10}, "END");
  splice.insert(0, "<");
  splice.erase({2, 4});
  splice.replace({5, 6}, "five");
  splice.insert_owned(5, "|");
  EXPECT_EQ(edited(splice), "<014|five67END");
  EXPECT_FALSE(splice.empty());
}

TEST(Splice, ErasesMembersWithTheCommasTheyLeaveBehind) {
  auto const without = [](std::string_view text, std::vector<std::string_view> values) {
    std::vector<Span> spans;
    for (auto const value : values) {
      auto const at = static_cast<std::uint32_t>(text.find(value));
      spans.push_back({at, at + static_cast<std::uint32_t>(value.size())});
    }
    Splice splice(text);
    splice.erase_members(spans);
    return edited(splice);
  };
  EXPECT_EQ(without(R"({"a":11,"b":22,"c":33})", {"22"}), R"({"a":11,"c":33})");
  EXPECT_EQ(without(R"({"a":11 , "b":22 , "c":33})", {"11", "22"}), R"({ "c":33})");
  EXPECT_EQ(without(R"({"a":11,"b" : 22, "c":33 })", {"33", "22"}), R"({"a":11 })");
  EXPECT_EQ(without(R"({"a":11,"b":22,"c":33})", {"11", "33"}), R"({"b":22})");
  EXPECT_EQ(without(R"({ "a\"":11, "b":22,"c":33 })", {"11", "22", "33"}), R"({  })");
  EXPECT_EQ(without(R"({"a":11})", {}), R"({"a":11})");
}

TEST(Splice, KeepsTheOrderOfInsertionsAtOnePlace) {
  Splice splice("ab");
  splice.insert(1, "1");
  splice.insert_owned(1, "2");
  splice.insert(1, "3");
  splice.insert(2, "end");
  EXPECT_EQ(edited(splice), "a123bend");
}

TEST(Splice, AllowsAnInsertionOnEitherSideOfAReplacement) {
  Splice splice("abc");
  splice.replace({1, 2}, "B");
  splice.insert(1, "<");
  splice.insert(2, ">");
  EXPECT_EQ(edited(splice), "a<B>c");
}

TEST(Splice, KeepsOwnedTextsWhenMoved) {
  Splice first("ab");
  first.replace_owned({0, 1}, "x");
  Splice const second = std::move(first);
  EXPECT_EQ(edited(second), "xb");
}

TEST(Splice, BorrowsWithoutCopying) {
  std::string const bytes = "0123456789";
  std::string const text = "borrowed";
  Splice splice(bytes);
  splice.replace({4, 5}, text);
  std::array<iovec, Splice::kPiecesMax> pieces;
  ASSERT_EQ(splice.fill(pieces), 3u);
  EXPECT_EQ(pieces[0].iov_base, bytes.data());
  EXPECT_EQ(pieces[1].iov_base, text.data());
  EXPECT_EQ(pieces[2].iov_base, bytes.data() + 5);
}

TEST(Splice, PutsMembersIntoObjects) {
  Splice full(R"({"a":{ "x":1 }})");
  full.insert_member({5, 14}, "k", "2");
  full.insert_member({5, 14}, "l", "3");
  EXPECT_EQ(edited(full), R"({"a":{"k":2,"l":3, "x":1 }})");
  Splice vacant(R"({"a":{ }})");
  vacant.insert_member({5, 8}, "k", "2");
  EXPECT_EQ(edited(vacant), R"({"a":{"k":2 }})");
  vacant.insert_member({5, 8}, "l", "3");
  EXPECT_EQ(edited(vacant), R"({"a":{"k":2,"l":3 }})");
}

TEST(Splice, PutsMembersIntoObjectsThatLoseTheirOwn) {
  constexpr std::string_view kObjects[] = {R"({"a":1})", R"({ "a":1 })", R"({"a":1, "b":2})",
                                           R"({ "a" : 1 ,"b":2 })"};
  for (auto const object : kObjects) {
    auto const size = static_cast<std::uint32_t>(object.size());
    std::vector<Span> values;
    for (auto const digit : {"1", "2"}) {
      auto const at = static_cast<std::uint32_t>(object.find(digit));
      if (at < size) values.push_back({at, at + 1});
    }
    auto const blank = object.find(' ') != std::string_view::npos;
    for (bool const erased_first : {true, false}) {
      Splice splice(object);
      if (erased_first) splice.erase_members(values);
      splice.insert_member({0, size}, "k", "2");
      splice.insert_member({0, size}, "l", "[,]");
      if (!erased_first) splice.erase_members(values);
      splice.insert_member({0, size}, "m", "3");
      auto text = edited(splice);
      if (blank) std::erase(text, ' ');
      EXPECT_EQ(text, R"({"k":2,"l":[,],"m":3})") << object << erased_first;
    }
  }
  Splice kept(R"({"a":1,"b":2})");
  kept.insert_member({0, 13}, "k", "2");
  kept.erase_members({{5, 6}});
  EXPECT_EQ(edited(kept), R"({"k":2,"b":2})");
}

TEST(Splice, RewritesACallAsTheRelayDoes) {
  auto const call =
      decode(R"({"jsonrpc":"2.0","id":"c-1","method":"tools/call","params":{"name":"docs__find","x":1.50}})");
  ASSERT_TRUE(call.has_value());
  Splice splice(call->bytes());
  splice.replace_owned(call->span(Field::id), "42");
  splice.replace(call->span(Field::name), "\"find\"");
  splice.insert_member(call->span(Field::params), "_meta", R"({"progressToken":7})");
  auto const text = edited(splice);
  EXPECT_EQ(text, R"({"jsonrpc":"2.0","id":42,"method":"tools/call","params":{)"
                  R"("_meta":{"progressToken":7},"name":"find","x":1.50}})");
  EXPECT_EQ(decode(text)->raw(Field::meta_progress_token), "7");
}

TEST(Splice, HoldsSixteenEdits) {
  std::string const bytes(40, '.');
  Splice splice(bytes);
  for (std::uint32_t i = 0; i < Splice::kEditsMax; ++i) splice.replace({30 - 2 * i, 31 - 2 * i}, "x");
  EXPECT_EQ(edited(splice), "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.........");
  EXPECT_DEATH(splice.insert(40, "y"), "kEditsMax");
}

TEST(Splice, DiesOfOverlapsAndOfPlacesOutside) {
  Splice splice("0123456789");
  splice.replace({3, 6}, "x");
  EXPECT_DEATH(splice.replace({5, 7}, "y"), "promised");
  EXPECT_DEATH(splice.replace({2, 4}, "y"), "promised");
  EXPECT_DEATH(splice.replace({3, 6}, "y"), "promised");
  EXPECT_DEATH(splice.replace({4, 5}, "y"), "promised");
  EXPECT_DEATH(splice.insert(4, "y"), "promised");
  EXPECT_DEATH(splice.insert(11, "y"), "promised");
  EXPECT_DEATH(splice.replace({7, 6}, "y"), "promised");
}

}  // namespace
}  // namespace weir::mcp
