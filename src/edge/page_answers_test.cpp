// What browsers are told about requests of pages: what they may send, and what they may read.
#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

// The names of a list field, in lower case.
std::vector<std::string> names_in(std::string const& answer, std::string const& field) {
  std::vector<std::string> names;
  auto at = answer.find("\r\n" + field + ": ");
  if (at == std::string::npos) return names;
  at += field.size() + 4;
  std::string name;
  for (char const c : answer.substr(at, answer.find("\r\n", at) - at) + ",") {
    if (c == ',') names.push_back(std::exchange(name, {}));
    if (c != ',' && c != ' ') name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return names;
}

bool has(std::vector<std::string> const& names, std::string const& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string const kPage = "Origin: http://localhost:3000\r\n";

TEST(PageAnswers, APageMaySendEverythingThatIsRead) {
  HttpDesk desk;
  auto told = desk.send(
      "OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n" + kPage +
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: traceparent,mcp-param-city, "
      "mcp-param-, x-other\r\n\r\n");
  EXPECT_EQ(told.status(), 204);
  EXPECT_FALSE(told.has("Content-Length")) << told.text();
  auto const names = names_in(told.text(), "Access-Control-Allow-Headers");
  for (char const* const name :
       {"content-type", "authorization", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name",
        "last-event-id", "idempotency-key", "cache-control", "x-request-id", "traceparent", "tracestate",
        "mcp-param-city"}) {
    EXPECT_TRUE(has(names, name)) << name;
  }
  for (char const* const name : {"mcp-param-", "x-other", "*"}) EXPECT_FALSE(has(names, name)) << name;
}

TEST(PageAnswers, APageMayReadEverythingThatIsSaidInHeaders) {
  HttpDesk desk;
  auto refused = desk.post("nonsense", kPage);
  EXPECT_EQ(refused.status(), 400);
  auto const names = names_in(refused.text(), "Access-Control-Expose-Headers");
  for (char const* const name :
       {"age", "cache-status", "mcp-session-id", "ratelimit", "ratelimit-policy", "retry-after",
        "server-timing", "www-authenticate", "weir-degraded", "x-request-id"}) {
    EXPECT_TRUE(has(names, name)) << name;
  }
}

// Before any of the body has come, and after who calls is known.
TEST(PageAnswers, APageMayReadThatItsBodyIsTooLong) {
  HttpDesk desk;
  auto refused = desk.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + kPage +
                           "Content-Type: application/json\r\nContent-Length: 99000000\r\n\r\n");
  EXPECT_EQ(refused.status(), 413);
  EXPECT_TRUE(refused.has("Content-Type: application/json\r\n")) << refused.text();
  EXPECT_TRUE(refused.has(R"("code":-32600)")) << refused.text();
  EXPECT_TRUE(refused.has("Access-Control-Allow-Origin: http://localhost:3000\r\n")) << refused.text();
  EXPECT_TRUE(refused.has("Connection: close\r\n")) << "the body is not read";
  desk.rules->authenticator = auth::Authenticator({"keys"}, {});
  auto stranger = desk.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n");
  EXPECT_EQ(stranger.status(), 401);
}

}  // namespace
}  // namespace weir::edge
