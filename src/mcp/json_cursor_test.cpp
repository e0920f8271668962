#include "mcp/json_cursor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::mcp {
namespace {

JsonFault fault_of(std::string_view text, JsonLimits limits = {}) {
  JsonCursor cursor(text, limits);
  cursor.skip_value();
  cursor.finish();
  return cursor.fault();
}

TEST(JsonCursor, AcceptsWhatTheGrammarAllows) {
  for (std::string_view const text : {
           "0",
           "-0",
           "1",
           "-1",
           "10",
           "123456789012345678901234567890",
           "1.0",
           "0.1",
           "-0.0",
           "1e1",
           "1E1",
           "1e+1",
           "1e-1",
           "1.5e300",
           "1e400",
           "0e0",
           "0E+00",
           "12345678901234567.12345678901234567890e-12",
           "true",
           "false",
           "null",
           R"("")",
           R"("a")",
           R"("\"")",
           R"("\\")",
           R"("\/")",
           R"("\b\f\n\r\t")",
           R"("\u0000")",
           R"("\uD83D\uDE00")",
           R"("\ud83d\ude00")",
           R"("\uD83D")",
           R"("\uDE00")",
           R"("\uD83Dx")",
           R"("\uD83D\n")",
           R"("\uD83D\u0041")",
           R"("\uFFFF")",
           "\"\x7f\"",
           "\"é€😀\"",
           "[]",
           "{}",
           "[[]]",
           "[{}]",
           R"({"a":{}})",
           "[1,2]",
           R"({"a":1,"b":[true,false,null]})",
           R"({"":0})",
           R"({"a":1,"a":2})",
           R"({"\u0061":1})",
           " 1",
           "1 ",
           "\t\r\n 1 \t\r\n",
           " [ ] ",
           " { } ",
           " [ 1 , 2 ] ",
           " { \"a\" : 1 , \"b\" : 2 } ",
           R"([""])",
           R"([[],[[]],{},[{}]])",
           "[-0,-1,-1.5e-3]",
       }) {
    EXPECT_EQ(fault_of(text), JsonFault::none) << text;
  }
}

struct Refused {
  std::string_view text;
  JsonFault fault;
};

void expect_refused(std::initializer_list<Refused> cases) {
  for (auto const& [text, fault] : cases) EXPECT_EQ(fault_of(text), fault) << text;
}

TEST(JsonCursor, RefusesOtherScalars) {
  using enum JsonFault;
  expect_refused({
      {"", unexpected_end},
      {" ", unexpected_end},
      {"01", bytes_after_end},
      {"-", bad_number},
      {"-a", bad_number},
      {"--1", bad_number},
      {"+1", unexpected_byte},
      {".5", unexpected_byte},
      {"1.", bad_number},
      {"1.e1", bad_number},
      {"1e", bad_number},
      {"1e+", bad_number},
      {"1e1.5", bytes_after_end},
      {"0x10", bytes_after_end},
      {"1_000", bytes_after_end},
      {"-01", bytes_after_end},
      {"NaN", unexpected_byte},
      {"nan", bad_literal},
      {"Infinity", unexpected_byte},
      {"-Infinity", bad_number},
      {"True", unexpected_byte},
      {"tru", bad_literal},
      {"truth", bad_literal},
      {"truee", bytes_after_end},
      {"nul", bad_literal},
      {"fals", bad_literal},
      {"\"", unexpected_end},
      {"\"a", unexpected_end},
      {"\"\\", unexpected_end},
      {"\"\\\"", unexpected_end},
      {R"("\x")", bad_escape},
      {R"("\a")", bad_escape},
      {R"("\u12")", bad_escape},
      {R"("\u12G4")", bad_escape},
      {R"("\U0041")", bad_escape},
      {R"("\u)", bad_escape},
      {"\"\n\"", control_byte},
      {"\"\t\"", control_byte},
      {std::string_view("\"\0\"", 3), control_byte},
      {"\"a\\n\x1f\"", control_byte},
      {"'a'", unexpected_byte},
  });
}

TEST(JsonCursor, RefusesOtherContainersAndWhatSurroundsThem) {
  using enum JsonFault;
  expect_refused({
      {"[", unexpected_end},
      {"]", unexpected_byte},
      {"[1", unexpected_end},
      {"[1,", unexpected_end},
      {"[1,]", unexpected_byte},
      {"[,1]", unexpected_byte},
      {"[1 2]", unexpected_byte},
      {"[1}", unexpected_byte},
      {"[1]]", bytes_after_end},
      {"{", unexpected_end},
      {"{]", unexpected_byte},
      {"{1:2}", unexpected_byte},
      {"{a:1}", unexpected_byte},
      {R"({"a"})", unexpected_byte},
      {R"({"a":})", unexpected_byte},
      {R"({"a" 1})", unexpected_byte},
      {R"({"a":1,})", unexpected_byte},
      {R"({,"a":1})", unexpected_byte},
      {R"({"a":1 "b":2})", unexpected_byte},
      {R"({"a":1]})", unexpected_byte},
      {R"({"a":1)", unexpected_end},
      {R"({"a")", unexpected_end},
      {R"({"a":)", unexpected_end},
      {R"({"\uD800":1})", lone_surrogate},
      {R"({"\uDC00":1})", lone_surrogate},
      {"1 2", bytes_after_end},
      {"{}{}", bytes_after_end},
      {"[] x", bytes_after_end},
      {"// c\n1", unexpected_byte},
      {"[1/**/]", unexpected_byte},
      {"\xEF\xBB\xBF{}", unexpected_byte},
      {"\f1", unexpected_byte},
      {"\xC2\xA0", unexpected_byte},
      {std::string_view("1\0", 2), bytes_after_end},
  });
}

TEST(JsonCursor, NeverReadsBehindItsText) {
  std::string_view const text = R"({"a":[1.5e-3,true,false,null,"\u00e9\ud83d\ude00x\n"],"b":{}})";
  ASSERT_EQ(fault_of(text), JsonFault::none);
  for (std::size_t size = 0; size < text.size(); ++size) {
    // A copy of exactly this size lets the address sanitizer see.
    std::vector<char> const exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(fault_of({exact.data(), size}), JsonFault::none) << size;
    EXPECT_NE(fault_of(text.substr(0, size)), JsonFault::none) << size;
  }
}

TEST(JsonCursor, ReportsHalfASurrogatePairInAValue) {
  auto const lone = [](std::string_view text) {
    JsonCursor cursor(text);
    JsonValue value;
    EXPECT_TRUE(cursor.read_value(value) && value.escaped) << text;
    return value.lone_surrogate;
  };
  for (std::string_view const text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                                      R"("\ud800\ud800\udc00")", R"("\udc00\ud800")", R"("\ud800\n")"}) {
    EXPECT_TRUE(lone(text)) << text;
  }
  for (std::string_view const text :
       {R"("\ud800\udc00")", R"("\uDBFF\uDFFF\uD800\uDC00")", R"("\ud7ff\ue000")"}) {
    EXPECT_FALSE(lone(text)) << text;
  }
}

TEST(JsonCursor, FindsTheEndOfAStringAtEveryOffsetOfItsVectors) {
  for (std::size_t lead = 0; lead < 20; ++lead) {
    for (std::size_t length = 0; length < 150; ++length) {
      std::string const text = std::string(lead, ' ') + '"' + std::string(length, 'x') + '"';
      JsonCursor cursor(text);
      JsonValue value;
      ASSERT_TRUE(cursor.read_value(value) && cursor.finish()) << lead << ' ' << length;
      EXPECT_EQ(value.span,
                (Span{static_cast<std::uint32_t>(lead), static_cast<std::uint32_t>(text.size())}));
      std::string broken = text;
      broken[lead + 1 + length / 2] = '\x01';
      if (length > 0) {
        EXPECT_EQ(fault_of(broken), JsonFault::control_byte) << lead << ' ' << length;
      }
      EXPECT_EQ(fault_of(text.substr(0, text.size() - 1)), JsonFault::unexpected_end);
    }
  }
}

TEST(JsonCursor, FindsWhatEndsALongStringWhereverItStands) {
  for (std::size_t const length : {127U, 128U, 129U, 160U, 255U, 256U, 300U, 400U}) {
    std::string const text = '"' + std::string(length, 'x') + '"';
    EXPECT_EQ(fault_of(text), JsonFault::none) << length;
    for (std::size_t at = 1; at <= length; ++at) {
      std::string broken = text;
      broken[at] = '\x1f';
      EXPECT_EQ(fault_of(broken), JsonFault::control_byte) << length << ' ' << at;
      broken[at] = '"';
      JsonCursor cursor(broken);
      JsonValue value;
      ASSERT_TRUE(cursor.read_value(value));
      EXPECT_EQ(value.span, (Span{0, static_cast<std::uint32_t>(at + 1)}));
    }
  }
}

TEST(JsonCursor, FindsTheEndOfDigitsAndWhiteSpaceOfEveryLength) {
  for (std::size_t length = 1; length < 70; ++length) {
    std::string const digits(length, '7');
    std::string const space(length, length % 2 == 0 ? ' ' : '\n');
    EXPECT_EQ(fault_of("[" + digits + "]"), JsonFault::none);
    EXPECT_EQ(fault_of("[1." + digits + "e" + digits + "]" + space), JsonFault::none);
    EXPECT_EQ(fault_of(space + "[" + space + "1" + space + "," + space + "2" + space + "]"), JsonFault::none);
    EXPECT_EQ(fault_of("[" + digits + "x" + space + "]"), JsonFault::unexpected_byte);
    EXPECT_EQ(fault_of("[1" + space + "\v]"), JsonFault::unexpected_byte);
  }
}

TEST(JsonCursor, AllowsSixtyFourLevelsAndNotOneMore) {
  auto const nested = [](std::size_t levels, char open, char close) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += open == '{' && i > 0 ? "\"k\":{" : std::string(1, open);
    return text + std::string(levels, close);
  };
  EXPECT_EQ(fault_of(nested(64, '[', ']')), JsonFault::none);
  EXPECT_EQ(fault_of(nested(65, '[', ']')), JsonFault::too_deep);
  EXPECT_EQ(fault_of(nested(64, '{', '}')), JsonFault::none);
  EXPECT_EQ(fault_of(nested(65, '{', '}')), JsonFault::too_deep);
  EXPECT_EQ(fault_of(nested(1'000'000, '[', ']')), JsonFault::too_deep);
  EXPECT_EQ(fault_of("[[1]]", {.depth_max = 2}), JsonFault::none);
  EXPECT_EQ(fault_of("[[1]]", {.depth_max = 1}), JsonFault::too_deep);
  EXPECT_EQ(fault_of("1", {.depth_max = 0}), JsonFault::none);
}

TEST(JsonCursor, CountsLevelsThatTheCallerEnteredItself) {
  JsonCursor cursor("[[[1]]]", {.depth_max = 2});
  ASSERT_TRUE(cursor.enter_array());
  ASSERT_TRUE(cursor.next_element());
  ASSERT_TRUE(cursor.enter_array());
  ASSERT_TRUE(cursor.next_element());
  EXPECT_FALSE(cursor.skip_value());
  EXPECT_EQ(cursor.fault(), JsonFault::too_deep);
  EXPECT_EQ(cursor.position(), 2u);
}

TEST(JsonCursor, AllowsAHundredThousandNodesAndNotOneMore) {
  auto const array_of = [](std::size_t elements) {
    std::string text = "[0";
    for (std::size_t i = 1; i < elements; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_EQ(fault_of(array_of(99'999)), JsonFault::none);
  EXPECT_EQ(fault_of(array_of(100'000)), JsonFault::too_many_nodes);
  EXPECT_EQ(fault_of(R"({"a":1,"b":2})", {.nodes_max = 3}), JsonFault::none);
  EXPECT_EQ(fault_of(R"({"a":1,"b":2})", {.nodes_max = 2}), JsonFault::too_many_nodes);
}

TEST(JsonCursor, CountsNodesOverAllItsCalls) {
  JsonCursor cursor("[[1],[2]]", {.nodes_max = 4});
  ASSERT_TRUE(cursor.enter_array());
  ASSERT_TRUE(cursor.next_element() && cursor.skip_value());
  ASSERT_TRUE(cursor.next_element());
  EXPECT_FALSE(cursor.skip_value());
  EXPECT_EQ(cursor.fault(), JsonFault::too_many_nodes);
}

TEST(JsonCursor, WalksAnObjectMemberByMember) {
  std::string_view const text = R"( { "a" : 1 , "b\n" : [ 2 , { } ] , "c" : "\ud800" } )";
  JsonCursor cursor(text);
  JsonValue key;
  JsonValue value;
  ASSERT_TRUE(cursor.enter_object());
  ASSERT_TRUE(cursor.next_member(key));
  EXPECT_EQ(key.inner(text), "a");
  EXPECT_FALSE(key.escaped);
  ASSERT_TRUE(cursor.read_value(value));
  EXPECT_EQ(value.kind, JsonKind::number);
  EXPECT_EQ(value.span.of(text), "1");
  ASSERT_TRUE(cursor.next_member(key));
  EXPECT_TRUE(key.escaped);
  auto kind = JsonKind::null;
  ASSERT_TRUE(cursor.peek(kind));
  EXPECT_EQ(kind, JsonKind::array);
  EXPECT_EQ(text[cursor.position()], '[');
  ASSERT_TRUE(cursor.enter_array());
  ASSERT_TRUE(cursor.next_element() && cursor.skip_value());
  ASSERT_TRUE(cursor.next_element() && cursor.read_value(value));
  EXPECT_EQ(value.span.of(text), "{ }");
  EXPECT_FALSE(cursor.next_element());
  ASSERT_TRUE(cursor.next_member(key) && cursor.read_value(value));
  EXPECT_TRUE(value.escaped && value.lone_surrogate);
  EXPECT_FALSE(cursor.next_member(key));
  EXPECT_FALSE(cursor.failed());
  EXPECT_TRUE(cursor.finish());
}

TEST(JsonCursor, KeepsItsFirstFaultAndItsPlace) {
  JsonCursor cursor(R"({"a":1,"b":tru})");
  JsonValue key;
  ASSERT_TRUE(cursor.enter_object());
  ASSERT_TRUE(cursor.next_member(key) && cursor.skip_value() && cursor.next_member(key));
  EXPECT_FALSE(cursor.skip_value());
  EXPECT_EQ(cursor.fault(), JsonFault::bad_literal);
  EXPECT_EQ(cursor.position(), 11u);
  auto kind = JsonKind::null;
  EXPECT_FALSE(cursor.next_member(key) || cursor.next_element() || cursor.enter_object() ||
               cursor.enter_array() || cursor.skip_value() || cursor.peek(kind) || cursor.finish());
  EXPECT_EQ(cursor.fault(), JsonFault::bad_literal);
  EXPECT_EQ(cursor.position(), 11u);
}

TEST(JsonCursor, RefusesInItsLoopsWhatItRefusesAtOnce) {
  for (std::string_view const text : {"{,}", "{1:2}", R"({"a" 1})", R"({"a":1,})", R"({"a":1 "b":2})",
                                      R"({"a":1)", "{", R"({"\ud800":1})", R"({"a)", R"({"a":1]})"}) {
    JsonCursor cursor(text);
    JsonValue key;
    ASSERT_TRUE(cursor.enter_object());
    while (cursor.next_member(key) && cursor.skip_value()) {
    }
    cursor.finish();
    EXPECT_EQ(cursor.fault(), fault_of(text)) << text;
  }
  for (std::string_view const text : {"[,]", "[1,]", "[1 2]", "[1", "[", "[1}"}) {
    JsonCursor cursor(text);
    ASSERT_TRUE(cursor.enter_array());
    while (cursor.next_element() && cursor.skip_value()) {
    }
    cursor.finish();
    EXPECT_EQ(cursor.fault(), fault_of(text)) << text;
  }
  EXPECT_FALSE(JsonCursor("[]").enter_object());
  EXPECT_FALSE(JsonCursor("{}").enter_array());
}

TEST(JsonCursor, TellsTheKindOfATokenFromItsFirstByte) {
  EXPECT_EQ(kind_of_token("{}"), JsonKind::object);
  EXPECT_EQ(kind_of_token("[]"), JsonKind::array);
  EXPECT_EQ(kind_of_token("\"\""), JsonKind::string);
  EXPECT_EQ(kind_of_token("-1"), JsonKind::number);
  EXPECT_EQ(kind_of_token("7"), JsonKind::number);
  EXPECT_EQ(kind_of_token("true"), JsonKind::boolean);
  EXPECT_EQ(kind_of_token("false"), JsonKind::boolean);
  EXPECT_EQ(kind_of_token("null"), JsonKind::null);
}

}  // namespace
}  // namespace weir::mcp
