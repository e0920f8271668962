#include "chaos/operation.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

using mcp::Method;

std::vector<Operation> reads(Method list, std::string_view result) {
  std::vector<Operation> found;
  append_reads(found, "docs", list, result);
  return found;
}

TEST(Reads, TakeOnlyToolsThatSayTheyReadAndNeedNothing) {
  auto const found = reads(Method::tools_list, R"({"tools":[
    {"name":"write","inputSchema":{}},
    {"name":"drop","annotations":{"readOnlyHint":false},"inputSchema":{}},
    {"name":"find","annotations":{"readOnlyHint":true},"inputSchema":{"required":["q"]}},
    {"name":"list \"all\"","annotations":{"readOnlyHint":true},"inputSchema":{"required":[]}}]})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].target, "list \"all\"");
  EXPECT_EQ(found[0].params, R"({"name":"list \"all\"","arguments":{}})");
  EXPECT_EQ(found[0].server, "docs");
}

TEST(Reads, TakeResourcesAndPromptsWithoutArguments) {
  auto const resources =
      reads(Method::resources_list, R"({"resources":[{"uri":"a://1"},{"name":"no uri"}]})");
  ASSERT_EQ(resources.size(), 1u);
  EXPECT_EQ(resources[0].params, R"({"uri":"a://1"})");
  auto const prompts = reads(Method::prompts_list, R"({"prompts":[
    {"name":"p"},{"name":"q","arguments":[{"name":"x","required":true}]},
    {"name":"r","arguments":[{"name":"x","required":false}]}]})");
  ASSERT_EQ(prompts.size(), 2u);
  EXPECT_EQ(prompts[1].target, "r");
}

TEST(Reads, AreAtMostSoManyOfOneList) {
  std::string list;
  for (std::size_t i = 0; i <= kReadsMax; ++i)
    list += (i == 0 ? "" : ",") + std::string(R"({"uri":"a://1"})");
  EXPECT_EQ(reads(Method::resources_list, R"({"resources":[)" + list + "]}").size(), kReadsMax);
}

TEST(Reads, SurviveAListThatIsNone) {
  EXPECT_TRUE(reads(Method::tools_list, R"({"tools":5})").empty());
  EXPECT_TRUE(reads(Method::tools_list, R"({})").empty());
  EXPECT_TRUE(reads(Method::tools_list, "").empty());
  EXPECT_TRUE(reads(Method::tools_list, R"({"tools":[5,{}]})").empty());
}

TEST(Operations, FindASchemaAndAResourceByName) {
  EXPECT_EQ(schema_of(R"({"tools":[{"name":"a","inputSchema":{"x":1}}]})", "a"), R"({"x":1})");
  EXPECT_EQ(schema_of(R"({"tools":[{"name":"a"}]})", "a"), "{}");
  EXPECT_EQ(schema_of(R"({"tools":[{"name":"a"}]})", "b"), "");
  EXPECT_EQ(resource_of(R"({"contents":[{"uri":"a://1"},{"uri":"a://2"}]})"), "a://1");
  EXPECT_EQ(resource_of("{}"), "");
}

}  // namespace
}  // namespace weir::chaos
