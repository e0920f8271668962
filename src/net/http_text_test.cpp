#include "net/http_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "net/http_head.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

TEST(HttpText, WritesHeadsThatItsOwnParserReads) {
  std::string out;
  ASSERT_TRUE(append_request_line(out, "POST", "/mcp?a=b"));
  ASSERT_TRUE(append_field(out, "Host", "[::1]:8080"));
  append_content_length(out, 18446744073709ULL);
  append_head_end(out);
  EXPECT_EQ(out, "POST /mcp?a=b HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 18446744073709\r\n\r\n");

  out.clear();
  append_status_line(out, 202);
  append_content_length(out, 0);
  append_head_end(out);
  HttpLimits const limits;
  HeadSearch search;
  ResponseHead head;
  ASSERT_EQ(parse_response_head(out, limits, search, head).state, HeadVerdict::State::complete);
  EXPECT_EQ(head.status, 202);
  EXPECT_EQ(head.reason, "Accepted");
}

TEST(HttpText, WritesStatusesItHasNoPhraseFor) {
  std::string out;
  append_status_line(out, 599);
  EXPECT_EQ(out, "HTTP/1.1 599 \r\n");
}

// T-51: whatever the value, at most one line comes out, and a refused one leaves nothing behind.
TEST(HttpText, LetsNoControlByteOut) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::string const& text :
         {std::string(1, static_cast<char>(byte)), "a" + std::string(1, static_cast<char>(byte)) + "b",
          std::string(40, 'x') + std::string(1, static_cast<char>(byte))}) {
      std::string out;
      bool const control = (byte < 32 && byte != '\t') || byte == 127;
      EXPECT_EQ(append_field(out, "Name", text), !control) << byte;
      EXPECT_EQ(out, control ? "" : "Name: " + text + "\r\n");
      out.clear();
      bool const plain = append_field(out, text, "value");
      EXPECT_EQ(out.empty(), !plain);
      EXPECT_EQ(plain, is_token(text));
      out.clear();
      EXPECT_EQ(append_request_line(out, "GET", "/" + text), is_origin_target("/" + text));
      EXPECT_EQ(append_request_line(out, text, "/"), is_token(text));
    }
  }
  std::string out;
  EXPECT_FALSE(append_field(out, "", "value"));
  EXPECT_FALSE(append_request_line(out, "", "/"));
  EXPECT_FALSE(append_request_line(out, "GET", ""));
  EXPECT_FALSE(append_request_line(out, "GET", "http://x/"));
  EXPECT_EQ(out, "");
}

TEST(DateField, FollowsTheClockBySeconds) {
  DateField date;
  base::WallTime const start{784111777000ms};
  EXPECT_EQ(date.line(start), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.line(start + 999ms), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.line(start + 1000ms), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
  EXPECT_EQ(date.line(start), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");  // a clock set back
  EXPECT_EQ(date.line(base::WallTime{1709251199999ms}), "Date: Thu, 29 Feb 2024 23:59:59 GMT\r\n");
  EXPECT_EQ(date.line(base::WallTime{0ms}), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

}  // namespace
}  // namespace weir::net
