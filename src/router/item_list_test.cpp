#include "router/item_list.hpp"

#include "router/fake_servers_test.hpp"

namespace weir::router {
namespace {

using namespace std::chrono_literals;

base::TimePoint const kNow{1000h};

std::vector<std::string> keys(ItemList const& list) {
  std::vector<std::string> out;
  for (auto const& item : list.items()) out.push_back(item.key);
  return out;
}

TEST(ItemList, KeepsElementsAsTheirBytes) {
  ItemList list(ListKind::tools, {});
  std::string const odd =
      R"({ "x":1e2, "name" : "a\u0062","description":"\u0062","inputSchema":{"type":"object"} })";
  auto const next = list.add(result_message(R"({"tools":[)" + odd + " , " + tool("c") + "]}"), kNow);
  ASSERT_TRUE(next.has_value());
  EXPECT_FALSE(next->has_value());
  EXPECT_EQ(keys(list), (std::vector<std::string>{"ab", "c"}));
  EXPECT_EQ(list.bytes_of(list.items()[0]), odd);
  EXPECT_EQ(list.items()[0].key_token.of(list.page_of(list.items()[0])), R"("a\u0062")");
  EXPECT_EQ(list.items()[0].description_token.of(list.page_of(list.items()[0])), R"("\u0062")");
  EXPECT_TRUE(list.items()[1].description_token.empty());
}

TEST(ItemList, JoinsPagesUntilThereIsNoCursor) {
  ItemList list(ListKind::prompts, {});
  auto const next = list.add(result_message(R"({"prompts":[{"name":"a"}],"nextCursor":""})"), kNow);
  EXPECT_EQ(next->value_or("none"), "\"\"");  // the empty cursor is a cursor (P076)
  EXPECT_FALSE(
      list.add(result_message(R"({"prompts":[{"name":"b"}],"nextCursor":null})"), kNow)->has_value());
  EXPECT_EQ(keys(list), (std::vector<std::string>{"a", "b"}));
}

TEST(ItemList, KnowsEachKindByItsOwnKey) {
  EXPECT_EQ(item_list(ListKind::resources, {R"({"uri":"file:///a","name":"n"})"})->items()[0].key,
            "file:///a");
  EXPECT_EQ(item_list(ListKind::templates, {R"({"uriTemplate":"x://{y}","name":"n"})"})->items()[0].key,
            "x://{y}");
}

TEST(ItemList, LeavesOutWhatCannotBeOffered) {
  ItemList list(ListKind::tools, {});
  EXPECT_TRUE(list.add(result_message(R"({"tools":[1,{},{"name":""},{"name":7},{"name":"a","name":"b"},)"
                                      R"({"name":"\ud800"},)" +
                                      tool("ok") + ',' + tool("ok") + "]}"),
                       kNow)
                  .has_value());
  EXPECT_EQ(keys(list), (std::vector<std::string>{"ok"}));
  EXPECT_EQ(list.dropped(), 7U);
  ASSERT_EQ(list.notes().size(), 7U);
  EXPECT_EQ(list.notes()[0], "tools: number 1 is not an object");
  EXPECT_EQ(list.notes()[6], "tools: \"ok\" is listed twice");
  EXPECT_TRUE(list.complete());
}

TEST(ItemList, CountsWhatItDoesNotNote) {
  std::vector<std::string> const bad(ItemList::kNotesMax + 5, "{}");
  auto const list = item_list(ListKind::tools, bad);
  EXPECT_EQ(list->dropped(), bad.size());
  EXPECT_EQ(list->notes().size(), ItemList::kNotesMax);
}

TEST(ItemList, InvalidParameterHeadersHideAToolOnlyWhereTheyWouldBeSent) {  // P033
  auto const schema = [](char const* header) {
    return R"({"name":"t","inputSchema":{"type":"object","properties":)"
           R"({"p":{"type":"string","x-mcp-header":)" +
           std::string(header) + "}}}}";
  };
  for (bool const check : {false, true}) {
    ItemList list(ListKind::tools, {.check_param_headers = check});
    EXPECT_TRUE(list.add(result_message(R"({"tools":[)" + schema("\"a b\"") + "]}"), kNow).has_value());
    EXPECT_EQ(list.items().size(), check ? 0U : 1U);
  }
  auto const good = item_list(ListKind::tools, {schema("\"Region\"")});
  ASSERT_EQ(good->items().size(), 1U);
  ASSERT_EQ(good->items()[0].param_headers.size(), 1U);
  EXPECT_EQ(good->items()[0].param_headers[0].suffix, "Region");
}

TEST(ItemList, IsCutAtItsLimits) {
  ItemList few(ListKind::tools, {.elements_max = 2});
  EXPECT_TRUE(
      few.add(result_message(R"({"tools":[)" + tool("a") + ',' + tool("b") + "]}"), kNow).has_value());
  EXPECT_TRUE(few.complete());
  auto const next = few.add(result_message(R"({"tools":[)" + tool("c") + R"(],"nextCursor":"x"})"), kNow);
  EXPECT_FALSE(next->has_value());
  EXPECT_EQ(few.items().size(), 2U);
  EXPECT_FALSE(few.complete());

  auto const page = R"({"tools":[)" + tool("a") + "]}";
  auto const size = result_message(page).bytes().size();
  ItemList fits(ListKind::tools, {.bytes_max = size});
  EXPECT_TRUE(fits.add(result_message(page), kNow).has_value());
  EXPECT_EQ(fits.items().size(), 1U);
  EXPECT_TRUE(fits.complete());
  ItemList small(ListKind::tools, {.bytes_max = size - 1});
  EXPECT_TRUE(small.add(result_message(page), kNow).has_value());
  EXPECT_TRUE(small.items().empty());
  EXPECT_FALSE(small.complete());
  EXPECT_EQ(small.notes().size(), 1U);
}

TEST(ItemList, RefusesWhatIsNoList) {
  for (char const* result : {"{}", R"({"tools":{}})", R"({"tools":[],"nextCursor":7})"}) {
    ItemList list(ListKind::tools, {});
    auto const added = list.add(result_message(result), kNow);
    ASSERT_FALSE(added.has_value()) << result;
    EXPECT_EQ(added.error().fault, base::Fault::protocol);
    EXPECT_EQ(added.error().blame, base::Blame::upstream);
  }
}

TEST(ItemList, IsAsFreshAndAsSharedAsItsLeastPage) {  // P095
  auto const page = [](std::string const& hints) { return result_message(R"({"tools":[])" + hints + '}'); };
  ItemList list(ListKind::tools, {});
  (void)list.add(page(R"(,"ttlMs":5000,"cacheScope":"public")"), kNow);
  EXPECT_EQ(list.fresh_until(), kNow + 5s);
  EXPECT_TRUE(list.shareable());
  (void)list.add(page(R"(,"ttlMs":3000,"cacheScope":"public")"), kNow + 1s);
  EXPECT_EQ(list.fresh_until(), kNow + 4s);
  (void)list.add(page(R"(,"ttlMs":9000)"), kNow);
  EXPECT_FALSE(list.shareable());
  for (char const* hints : {"", R"(,"ttlMs":-1)", R"(,"ttlMs":"9")"}) {
    ItemList other(ListKind::tools, {});
    (void)other.add(page(hints), kNow);
    EXPECT_EQ(other.fresh_until(), kNow) << hints;
  }
}

TEST(ItemList, IsFreshForTheShorterOfGrantAndConfiguration_C11) {
  auto const fresh_for = [](std::string const& hints) {
    ItemListOptions options;
    options.ttl = 60s;
    ItemList list(ListKind::tools, options);
    (void)list.add(result_message(R"({"tools":[])" + hints + '}'), kNow);
    return list.fresh_until() - kNow;
  };
  EXPECT_EQ(fresh_for(""), 60s);  // an older server cannot say
  EXPECT_EQ(fresh_for(R"(,"resultType":"complete")"), 0s);
  EXPECT_EQ(fresh_for(R"(,"resultType":"complete","ttlMs":5000)"), 5s);
  EXPECT_EQ(fresh_for(R"(,"resultType":"complete","ttlMs":90000)"), 60s);
}

}  // namespace
}  // namespace weir::router
