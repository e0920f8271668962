#include "router/capabilities.hpp"

#include <gtest/gtest.h>

#include <array>

namespace weir::router {
namespace {

TEST(Capabilities, ReadsWhatMattersAndIgnoresTheRest) {
  auto const found = Capabilities::read(
      R"({"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{},"completions":true,)"
      R"("extensions":{"a/b":{}},"experimental":[],"new":{}})");
  EXPECT_TRUE(found.tools && found.resources && found.subscribe && found.logging);
  EXPECT_FALSE(found.prompts || found.completions);
  EXPECT_EQ(found.extensions, R"({"a/b":{}})");
  EXPECT_EQ(found.experimental, "");
  EXPECT_EQ(Capabilities::read("[]"), Capabilities{});
  EXPECT_EQ(Capabilities::read(""), Capabilities{});
  EXPECT_FALSE(Capabilities::read(R"({"resources":{"subscribe":"true"}})").subscribe);
}

TEST(Capabilities, MergeIsTheUnionWithoutWhatCannotBeRouted) {
  auto const one = Capabilities::read(R"({"tools":{},"extensions":{"x":{}}})");
  auto const two =
      Capabilities::read(R"({"prompts":{},"resources":{"subscribe":true},"experimental":{"y":1}})");
  auto const plain = Capabilities::read(R"({"resources":{}})");
  auto const all = merged(std::array{&one, &two});
  EXPECT_EQ(write_capabilities(all), R"({"tools":{"listChanged":true},"prompts":{"listChanged":true},)"
                                     R"("resources":{"subscribe":true,"listChanged":true}})");
  EXPECT_EQ(write_capabilities(merged(std::array{&plain})), R"({"resources":{"listChanged":true}})");
  EXPECT_EQ(write_capabilities(merged({})), "{}");
}

TEST(Capabilities, MergeKeepsTheExtensionsThatAreTranslated) {
  auto const one = Capabilities::read(R"({"extensions":{"x":{},"io.modelcontextprotocol/tasks":{"y":1}}})");
  auto const wrong = Capabilities::read(R"({"extensions":{"io.modelcontextprotocol/tasks":true}})");
  EXPECT_EQ(merged(std::array{&wrong, &one}).extensions, R"({"io.modelcontextprotocol/tasks":{}})");
  EXPECT_EQ(merged(std::array{&wrong}).extensions, "");
  auto const skills = Capabilities::read(R"({"extensions":{"io.modelcontextprotocol/skills":{}}})");
  auto const reads =
      Capabilities::read(R"({"extensions":{"io.modelcontextprotocol/skills":{"directoryRead":true}}})");
  EXPECT_EQ(merged(std::array{&skills}).extensions, R"({"io.modelcontextprotocol/skills":{}})");
  EXPECT_EQ(merged(std::array{&skills, &reads}).extensions, reads.extensions);
  EXPECT_EQ(legacy_extensions(reads.extensions), "");
  auto const apps = Capabilities::read(R"({"extensions":{"io.modelcontextprotocol/ui":{}}})");
  EXPECT_EQ(merged(std::array{&apps, &one}).extensions,
            R"({"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{}})");
  EXPECT_EQ(legacy_extensions(merged(std::array{&apps, &one}).extensions),
            R"({"io.modelcontextprotocol/ui":{}})");
}

TEST(Capabilities, OlderClientsSeeNoExtensionWithMethodsTheyDoNotHave) {
  EXPECT_EQ(legacy_extensions(R"({"x":{"z":1},"io.modelcontextprotocol/tasks":{}})"), R"({"x":{"z":1}})");
  EXPECT_EQ(legacy_extensions(R"({"io.modelcontextprotocol/tasks":{}})"), "");
  EXPECT_EQ(legacy_extensions(""), "");
}

TEST(Capabilities, AreWrittenWholeForOneServer) {
  char const text[] = R"({"completions":{},"logging":{},"extensions":{"x":{}},"experimental":{"y":1}})";
  EXPECT_EQ(write_capabilities(Capabilities::read(text)), text);
}

using Part = std::pair<std::string_view, std::string_view>;

TEST(Instructions, AreLabelledAndJoined) {
  std::array const parts{Part{"a", "Use a."}, Part{"b", ""}, Part{"c", "Use c."}};
  EXPECT_EQ(merged_instructions(parts, 1000), "# a\nUse a.\n\n# c\nUse c.");
  EXPECT_EQ(merged_instructions(std::array{Part{"", "Alone."}}, 1000), "Alone.");
  EXPECT_EQ(merged_instructions({}, 1000), "");
}

TEST(Instructions, LeaveOutWholeWhatDoesNotFitAndSaySo) {
  std::string const big(90, 'x');
  std::array const parts{Part{"a", big}, Part{"b", big}, Part{"c", "short"}};
  EXPECT_EQ(merged_instructions(parts, 140), "# a\n" + big + "\n\n# c\nshort\n\n(Too long to show: b.)");
  EXPECT_EQ(merged_instructions(parts, 94), "# a\n" + big);
  EXPECT_EQ(merged_instructions(parts, 93), "# c\nshort\n\n(Too long to show: a, b.)");
}

}  // namespace
}  // namespace weir::router
