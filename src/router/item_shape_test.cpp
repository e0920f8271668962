#include "router/item_shape.hpp"

#include <gtest/gtest.h>

#include "router/fake_servers_test.hpp"

namespace weir::router {
namespace {

struct Case {
  ListKind kind;
  char const* json;
  char const* why;  // "" when clients can read it
};

class ItemShape : public testing::TestWithParam<Case> {};

TEST_P(ItemShape, IsWhatClientsCanRead) {
  auto const list = item_list(GetParam().kind, {GetParam().json});
  EXPECT_EQ(list->items().size(), *GetParam().why == '\0' ? 1U : 0U);
  auto const note = list->notes().empty() ? std::string() : list->notes().front();
  EXPECT_NE(note.find(GetParam().why), std::string::npos) << note;
}

constexpr ListKind kTool = ListKind::tools, kPrompt = ListKind::prompts, kResource = ListKind::resources,
                   kTemplate = ListKind::templates;

INSTANTIATE_TEST_SUITE_P(
    EachRule, ItemShape,
    testing::Values(
        Case{ListKind::skills, R"({"uri":"s://a/SKILL.md","frontmatter":{"name":"a"},"resources":"dynamic"})",
             ""},
        Case{ListKind::skills, R"({"uri":"s://a/SKILL.md"})", "has no frontmatter"},
        Case{ListKind::skills, R"({"uri":"s://a/SKILL.md","frontmatter":[]})",
             "frontmatter that is no object"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"}})", ""},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object","properties":{},"required":[]},"x":5})",
             ""},
        Case{kTool, R"({"name":"a"})", "has no inputSchema"},
        Case{kTool, R"({"name":"a","inputSchema":"x"})", "inputSchema that is no object"},
        Case{kTool, R"({"name":"a","inputSchema":null})", "inputSchema that is no object"},
        Case{kTool, R"({"name":"a","inputSchema":{}})", "inputSchema that clients cannot read"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"string"}})",
             "inputSchema that clients cannot read"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object","properties":[]}})", "cannot read"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object","required":"b"}})", "cannot read"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"description":5})", "no string"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"title":null})", "no string"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"annotations":"x"})", "no object"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"outputSchema":"x"})", "no object"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}})", ""},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"_meta":[]})", "no object"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"icons":{}})", "no array"},
        Case{kTool, R"({"name":"a","inputSchema":{"type":"object"},"mimeType":5})", ""},
        Case{kPrompt, R"({"name":"a","arguments":[{"name":"b"}]})", ""},
        Case{kPrompt, R"({"name":"a","arguments":"x"})", "no array"},
        Case{kPrompt, R"({"name":"a","arguments":[{}]})", "arguments that clients cannot read"},
        Case{kPrompt, R"({"name":"a","arguments":["b"]})", "arguments that clients cannot read"},
        Case{kResource, R"({"uri":"x:a","name":"a","size":5})", ""},
        Case{kResource, R"({"uri":"x:a"})", "has no name"},
        Case{kResource, R"({"uri":"x:a","name":5})", "no string"},
        Case{kResource, R"({"uri":"x:a","name":"a","mimeType":5})", "no string"},
        Case{kResource, R"({"uri":"x:a","name":"a","size":"5"})", "no number"},
        Case{kTemplate, R"({"uriTemplate":"x:{a}","name":"a"})", ""},
        Case{kTemplate, R"({"uriTemplate":"x:{a}"})", "has no name"}));

TEST(ItemShape, OfALegacyServerDescribesObjectsOnly) {
  EXPECT_NE(wrong_member(kTool, "outputSchema", mcp::JsonKind::object, R"({"type":"array"})", false), "");
  EXPECT_EQ(wrong_member(kTool, "outputSchema", mcp::JsonKind::object, R"({"type":"object"})", false), "");
}

}  // namespace
}  // namespace weir::router
