#include "config/reader.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

struct Read {
  Node root;
  std::vector<Problem> problems;
};

Read yaml(std::string text) {
  Problems problems;
  auto root = read_yaml(make_source("t.yaml", std::move(text), 0), problems);
  return {std::move(root), problems.sorted()};
}

Read json(std::string text, std::size_t bytes_max = kBytesMax) {
  Problems problems;
  auto root = read_json(make_source("t.json", std::move(text), 0), problems, bytes_max);
  return {std::move(root), problems.sorted()};
}

Read toml(std::string text) {
  Problems problems;
  auto root = read_toml(make_source("t.toml", std::move(text), 0), problems);
  return {std::move(root), problems.sorted()};
}

std::string only_code(Read const& read) {
  if (read.problems.size() != 1) return std::to_string(read.problems.size()) + " problems";
  return read.problems[0].code;
}

TEST(YamlReader, EveryKeyAndValueKnowsItsPlace) {
  auto const read = yaml("a: 1\nbig:\n  list: [x, \"two words\"]\n");
  EXPECT_TRUE(read.problems.empty());
  ASSERT_EQ(read.root.members.size(), 2U);
  EXPECT_EQ(read.root.members[1].mark.line, 2U);
  auto const* list = read.root.at("big.list");
  ASSERT_TRUE(list != nullptr && list->is_sequence());
  EXPECT_EQ(list->items[1].text, "two words");
  EXPECT_EQ(list->items[1].mark.line, 3U);
  EXPECT_EQ(list->items[1].mark.column, 13U);
  EXPECT_EQ(list->items[1].mark.length, 11U);
  EXPECT_EQ(list->items[1].mark.source->name, "t.yaml");
}

TEST(YamlReader, KindsFollowTheCoreSchema) {
  auto const read =
      yaml("[true, False, on, yes, No, 1, -2, 0x1F, 1.5, 1e3, ~, null, '1', \"true\", 1.2.3, .5, off]");
  std::vector<Node::Kind> kinds;
  for (auto const& item : read.root.items) kinds.push_back(item.kind);
  using enum Node::Kind;
  std::vector<Node::Kind> const expected{boolean, boolean, text, text, text, integer, integer, integer, real,
                                         real,    null,    null, text, text, text,    real,    text};
  EXPECT_EQ(kinds, expected);
}

TEST(YamlReader, ReportsDuplicateKeysWithTheFirstPlace) {
  auto const read = yaml("a: 1\nb: 2\na: 3\n");
  ASSERT_EQ(only_code(read), "WEIR-E004");
  EXPECT_EQ(read.problems[0].mark.line, 3U);
  EXPECT_EQ(read.problems[0].notes[0], "first set on line 1");
  EXPECT_EQ(read.root.find("a")->text, "1");
}

TEST(YamlReader, RefusesASecondDocument) {
  EXPECT_EQ(only_code(yaml("a: 1\n---\nb: 2\n")), "WEIR-E005");
  EXPECT_TRUE(yaml("---\na: 1\n").problems.empty());
}

TEST(YamlReader, EndsOnTextThatStartsWithAComma) { EXPECT_EQ(only_code(yaml(",a\n")), "WEIR-E005"); }

TEST(YamlReader, RefusesKeysThatAreNotText) {
  EXPECT_EQ(only_code(yaml("? [a, b]\n: 1\n")), "WEIR-E006");
  EXPECT_EQ(only_code(yaml("~: 1\n")), "WEIR-E006");
}

TEST(YamlReader, SyntaxErrorsHaveAPlaceAndNoTree) {
  auto const read = yaml("a: [1, 2\nb: }\n");
  ASSERT_EQ(only_code(read), "WEIR-E003");
  EXPECT_GT(read.problems[0].mark.line, 0U);
  EXPECT_EQ(read.root.kind, Node::Kind::null);
}

TEST(YamlReader, RefusesForeignTagsControlCharactersAndOtherEncodings) {
  EXPECT_EQ(only_code(yaml("a: !secret x\n")), "WEIR-E003");
  EXPECT_EQ(only_code(yaml("a: \x04\nb: 1\n")), "WEIR-E003");
  EXPECT_EQ(only_code(yaml("a: \xFF\n")), "WEIR-E003");
  EXPECT_TRUE(yaml("\xEF\xBB\xBF"
                   "a: !!str 1\n")
                  .problems.empty());
}

TEST(YamlReader, AcceptsSixtyFourLevelsButNotSixtyFive) {
  auto const nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(yaml(nested(64)).problems.empty());
  EXPECT_EQ(only_code(yaml(nested(65))), "WEIR-E002");
  EXPECT_FALSE(yaml(nested(100'000)).problems.empty());
}

TEST(YamlReader, AcceptsOneMebibyteButNotAByteMore) {
  EXPECT_TRUE(yaml("a: " + std::string(kBytesMax - 3, 'x')).problems.empty());
  EXPECT_EQ(only_code(yaml("a: " + std::string(kBytesMax - 2, 'x'))), "WEIR-E002");
}

TEST(YamlReader, AliasesAreCopiesAndCountAgainstTheLimit) {
  auto const read = yaml("a: &x {k: v}\nb: *x\n");
  EXPECT_EQ(read.root.at("b.k")->text, "v");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += "*a" + std::to_string(i - 1) + (j < 9 ? ", " : "]\n");
  }
  EXPECT_EQ(only_code(yaml(bomb)), "WEIR-E002");

  std::string big = "a: &a " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 200; ++i) big += "*a, ";
  EXPECT_EQ(only_code(yaml(big + "]\n")), "WEIR-E002");
}

TEST(YamlReader, AnAliasInsideItsOwnValueIsAnError) {
  EXPECT_EQ(only_code(yaml("a: &x [1, *x]\n")), "WEIR-E003");
  EXPECT_EQ(only_code(yaml("a: *nowhere\n")), "WEIR-E003");
}

TEST(YamlReader, DepthIsCountedThroughAliases) {
  std::string text = "a0: &a0 [[[[[[[[[[1]]]]]]]]]]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [[[[[[[[[[*a" + std::to_string(i - 1) +
            "]]]]]]]]]]\n";
  }
  EXPECT_EQ(only_code(yaml(text)), "WEIR-E002");
}

TEST(JsonReader, ReadsCommentsAndTrailingCommas) {
  auto const read = json("// head\n{ \"a\": [1, 2,], /* x\n y */ \"b\": { \"c\": \"d\", }, }\n");
  EXPECT_TRUE(read.problems.empty());
  EXPECT_EQ(read.root.at("a")->items.size(), 2U);
  EXPECT_EQ(read.root.at("b.c")->text, "d");
  EXPECT_EQ(read.root.at("b.c")->mark.line, 3U);
  EXPECT_EQ(read.root.at("b.c")->mark.column, 19U);
  EXPECT_EQ(read.root.at("b.c")->mark.length, 3U);
}

TEST(JsonReader, ResolvesEscapesAndSurrogatePairs) {
  EXPECT_EQ(json(R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"])").root.items[0].text,
            "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
  for (auto const* bad : {R"(["\ud83d"])", R"(["\ude00"])", R"(["\ud83dx"])", R"(["\u12"])", R"(["\x"])",
                          R"(["\u0000"])", "[\"a\nb\"]", "[\"a"}) {
    EXPECT_EQ(only_code(json(bad)), "WEIR-E003") << bad;
  }
}

// C strings end there, and what reads the reports as JSON may not take it.
TEST(Readers, NoneTakesAZeroByte) {
  for (auto const& read : {yaml("a: 1\nb: \"x\\0y\"\n"), yaml("\"k\\0\": 1\n"), toml("b = \"x\\u0000y\"\n"),
                           toml("\"k\\u0000\" = 1\n"), json(R"({"b":"x\u0000y"})")}) {
    EXPECT_EQ(only_code(read), "WEIR-E003");
  }
  auto const read = yaml("a: 1\nb: \"x\\0y\"\n");
  ASSERT_EQ(read.problems.size(), 1U);
  EXPECT_EQ(read.problems[0].mark.line, 2U);
  EXPECT_EQ(read.root.at("b")->text, "xy");
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (auto const* bad : {"",         "{",    "[1 2]", "{a: 1}", "{'a': 1}", "[01]",      "[1.]",
                          "[.5]",     "[+1]", "[nan]", "[True]", "[1]]",     "{\"a\" 1}", "[,]",
                          "{\"a\":}", "[1]x", "\"a",   "/",      "/* a",     "[-]",       "[1e]"}) {
    EXPECT_EQ(only_code(json(bad)), "WEIR-E003") << bad;
  }
  for (auto const* good : {"0", "-1.5e+3", "[]", "{}", "null", "[1e400]", "\"x\" // end"}) {
    EXPECT_TRUE(json(good).problems.empty()) << good;
  }
}

TEST(JsonReader, ReportsDuplicateKeys) { EXPECT_EQ(only_code(json(R"({"a": 1, "a": 2})")), "WEIR-E004"); }

TEST(JsonReader, BoundsDepthAndBytes) {
  EXPECT_TRUE(json(std::string(64, '[') + std::string(64, ']')).problems.empty());
  EXPECT_EQ(only_code(json(std::string(65, '[') + std::string(65, ']'))), "WEIR-E002");
  EXPECT_EQ(only_code(json(std::string(500'000, '['))), "WEIR-E002");
  EXPECT_EQ(only_code(json("[\"" + std::string(kBytesMax, 'x') + "\"]")), "WEIR-E002");
  EXPECT_TRUE(json("[\"" + std::string(kBytesMax, 'x') + "\"]", kClientBytesMax).problems.empty());
}

TEST(JsonReader, BoundsTheNumberOfValues) {
  std::string text = "[";
  for (std::size_t i = 0; i + 1 < kNodesMax; ++i) text += "1,";
  EXPECT_TRUE(json(text + "]").problems.empty());
  EXPECT_EQ(only_code(json(text + "1]")), "WEIR-E002");
}

TEST(TomlReader, ReadsTablesInTheOrderOfTheFile) {
  auto const read = toml(
      "[mcp_servers.z]\ncommand = \"é\" # c\nargs = [\"-y\", 'x']\n[mcp_servers.a]\nurl = "
      "\"http://h/\"\nenabled = false\nn = 3\n");
  EXPECT_TRUE(read.problems.empty());
  auto const* servers = read.root.find("mcp_servers");
  ASSERT_TRUE(servers != nullptr);
  EXPECT_EQ(servers->members[0].key, "z");
  EXPECT_EQ(servers->members[1].key, "a");
  EXPECT_EQ(servers->at("z.args")->items[1].text, "x");
  EXPECT_EQ(servers->at("a.enabled")->kind, Node::Kind::boolean);
  EXPECT_EQ(servers->at("a.url")->mark.line, 5U);
  EXPECT_EQ(servers->at("a.url")->mark.column, 7U);
}

TEST(TomlReader, SyntaxErrorsAndDeepKeysAreProblems) {
  EXPECT_EQ(only_code(toml("a = \n")), "WEIR-E003");
  EXPECT_EQ(only_code(toml("[/a]\n")), "WEIR-E003");
  EXPECT_EQ(only_code(toml("a = 1\na = 2\n")), "WEIR-E003");
  std::string deep = "a";
  for (int i = 0; i < 70; ++i) deep += ".a";
  EXPECT_EQ(only_code(toml(deep + " = 1\n")), "WEIR-E002");
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_EQ(only_code(toml(deep + " = 1\n")), "WEIR-E002");
}

// toml++ 3.3 declares these unreachable: U+00A1 to U+0499, U+2C5E to U+3057 and U+FB26 to U+FEFE.
TEST(TomlReader, TakesLettersOutsideAsciiInTextAndRefusesThemElsewhere) {
  for (std::string const letter : {"\xC2\xA1", "\xD2\x94", "\xE3\x81\x82", "\xEF\xAC\xA6", "\xEF\xBB\xBE"}) {
    EXPECT_TRUE(toml("a = '" + letter + "'  # " + letter + "\n").problems.empty()) << letter;
    EXPECT_EQ(only_code(toml("[a" + letter + "]\n")), "WEIR-E003") << letter;
    EXPECT_EQ(only_code(toml("a = 1 " + letter + "\n")), "WEIR-E003") << letter;
  }
}

TEST(Readers, TheEndingOfTheNameDecides) {
  Problems problems;
  EXPECT_TRUE(read_by_name(make_source("a.json", "{\"a\": 1,}", 0), problems).is_map());
  EXPECT_TRUE(read_by_name(make_source("a.toml", "a = 1", 0), problems).is_map());
  EXPECT_TRUE(read_by_name(make_source("a.yml", "a: 1", 0), problems).is_map());
  EXPECT_FALSE(problems.has_errors());
}

}  // namespace
}  // namespace weir::config
