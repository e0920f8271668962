// What an accepted head says, limits that are not the default, and how a head may arrive. What is refused is
// in wire_corpus_test.cpp.
#include "net/http_head.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace weir::net {
namespace {

using State = HeadVerdict::State;

constexpr std::string_view kRequest =
    "POST /mcp/files?x=1 HTTP/1.1\r\nHost: localhost:6270\r\nContent-Type: application/json\r\n"
    "Accept: application/json\r\naccept:text/event-stream \r\nContent-Length: 17\r\nEmpty:\r\n\r\n";
constexpr std::string_view kAnswer =
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

HeadVerdict parse(std::string_view buffer, RequestHead& head, HttpLimits const& limits = {}) {
  HeadSearch search;
  return parse_request_head(buffer, limits, search, head);
}

TEST(RequestHead, SaysWhatTheBytesSay) {
  std::string const buffer = std::string{kRequest} + "{\"body\":\"begins\"}";
  RequestHead head;
  HeadVerdict const verdict = parse(buffer, head);
  ASSERT_EQ(verdict.state, State::complete);
  EXPECT_EQ(verdict.head_bytes, kRequest.size());
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/mcp/files?x=1");
  EXPECT_EQ(head.path, "/mcp/files");
  EXPECT_EQ(head.query, "x=1");
  EXPECT_EQ(head.host, "localhost:6270");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
  EXPECT_EQ(head.framing.kind, Framing::Kind::length);
  EXPECT_EQ(head.framing.length, 17U);
  ASSERT_EQ(head.fields.size(), 6U);
  EXPECT_EQ(head.fields.begin()[3].name, "accept");
  EXPECT_EQ(head.fields.begin()[3].value, "text/event-stream");
  EXPECT_EQ(head.fields.begin()[5].value, "");
  EXPECT_EQ(head.fields.value("content-type").data(), buffer.data() + buffer.find("application/json"));
}

TEST(RequestHead, IsFilledAfreshEachTime) {
  RequestHead head;
  parse("POST /a?b HTTP/1.0\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", head);
  EXPECT_FALSE(head.expect_continue);  // HTTP/1.0 knows no interim answers
  EXPECT_FALSE(head.keep_alive);
  parse("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", head);
  EXPECT_TRUE(head.expect_continue);
  EXPECT_TRUE(head.framing.empty());
  parse("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", head);
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.query, "");
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_FALSE(head.expect_continue);
  EXPECT_TRUE(head.keep_alive);
  parse("GET http://x?q HTTP/1.1\r\nHost: x\r\n\r\n", head);
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.query, "q");
}

TEST(ResponseHead, SaysWhatTheBytesSay) {
  HttpLimits const limits;
  HeadSearch search;
  ResponseHead head;
  HeadVerdict const verdict = parse_response_head(kAnswer, limits, search, head);
  ASSERT_EQ(verdict.state, State::complete);
  EXPECT_EQ(verdict.head_bytes, kAnswer.size());
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.reason, "Not Found");
  EXPECT_FALSE(head.interim());
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.framing.kind, Framing::Kind::chunked);
  EXPECT_EQ(head.fields.value("Content-Type"), "text/plain");
}

TEST(ResponseHead, WithoutFramingEndsWithTheConnection) {
  HttpLimits const limits;
  HeadSearch search;
  ResponseHead head;
  ASSERT_EQ(parse_response_head("HTTP/1.1 200\r\n\r\n", limits, search, head).state, State::complete);
  EXPECT_EQ(head.reason, "");
  EXPECT_EQ(head.framing.kind, Framing::Kind::until_close);
  EXPECT_FALSE(head.keep_alive);
}

TEST(HttpLimits, CountLineHeadAndFieldsExactly) {
  HttpLimits limits;
  limits.line_bytes_max = 20;
  limits.head_bytes_max = 60;
  limits.fields_max = 2;
  RequestHead head;
  auto const status = [&](std::string_view buffer) { return parse(buffer, head, limits).refusal.status; };
  EXPECT_EQ(status("GET /2345678 HTTP/1.0\r\n\r\n"), 414);
  EXPECT_EQ(status("GET /234567 HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: 45678901234567890\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: 456789012345678901\r\n\r\n"), 431);
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: b\r\nA: b\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), 431);
  // 16 + 21 + 21 + 2 bytes
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: 4567890123456789\r\nA: 4567890123456789\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.0\r\nA: 4567890123456789\r\nA: 45678901234567890\r\n\r\n"), 431);
}

// Access tokens are promised 16 KiB (reliability 3.1); nothing else may be so long, and nothing in an answer.
TEST(HttpLimits, AnAuthorizationMayBeLongerThanOtherFields) {
  HttpLimits const limits;
  auto const head = std::make_unique<RequestHead>();
  auto const status = [&](std::string const& field, std::size_t bytes) {
    std::string const begin = "GET / HTTP/1.0\r\n" + field + ": ";
    auto const line = field + ": " + std::string(bytes - field.size() - 2, 'v');
    auto const whole = "GET / HTTP/1.0\r\n" + line + "\r\n\r\n";
    auto const verdict = parse(whole, *head);
    HeadSearch search;
    HeadVerdict pieces;
    for (std::size_t size = begin.size(); size < whole.size() && pieces.state == State::need_more; size += 7)
      pieces = parse_request_head({whole.data(), size}, limits, search, *head);
    if (pieces.state == State::need_more) pieces = parse_request_head(whole, limits, search, *head);
    EXPECT_EQ(pieces.refusal.status, verdict.refusal.status) << field << bytes;
    return verdict.refusal.status;
  };
  for (auto const* const name : {"Authorization", "authorization", "AUTHORIZATION"}) {
    EXPECT_EQ(status(name, limits.authorization_bytes_max), 0);
    EXPECT_EQ(status(name, limits.authorization_bytes_max + 1), 431);
  }
  for (auto const* const name : {"Authorizations", "Authorizatio", "Xuthorization", "Cookie"}) {
    EXPECT_EQ(status(name, limits.line_bytes_max), 0);
    EXPECT_EQ(status(name, limits.line_bytes_max + 1), 431) << name;
  }
  auto const bearer = "Authorization: Bearer " + std::string(std::size_t{16} * 1024, 't');
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n" + bearer + "\r\n\r\n", *head).state, State::complete);
  HeadSearch search;
  ResponseHead answer;
  auto const echoed = "HTTP/1.1 200\r\nAuthorization: " + std::string(limits.line_bytes_max - 14, 'v');
  EXPECT_EQ(parse_response_head(echoed + "\r\n\r\n", limits, search, answer).refusal.status, 502);
}

TEST(HttpLimits, RefuseABodyByItsAnnouncedLength) {
  HttpLimits limits;
  limits.body_bytes_max = 10;
  RequestHead head;
  EXPECT_EQ(parse("POST / HTTP/1.0\r\nContent-Length: 10\r\n\r\n", head, limits).state, State::complete);
  EXPECT_EQ(parse("POST / HTTP/1.0\r\nContent-Length: 11\r\n\r\n", head, limits).refusal.status, 413);
}

// Each call may look at new bytes only: a head of 60 KiB that arrives byte by byte must not cost its square.
TEST(HeadSearch, NeverLooksBack) {
  HttpLimits const limits;
  std::string buffer = "GET / HTTP/1.1\r\nHost: x\r\n";
  buffer += "Authorization: " + std::string(16000, 'v') + "\r\n";
  while (buffer.size() < 60000) buffer += "Name-Of-Field: " + std::string(2000, 'v') + "\r\n";
  buffer += "\r\n";
  auto const head = std::make_unique<RequestHead>();
  HeadSearch search;
  for (std::size_t size = 1; size < buffer.size(); ++size) {
    HeadVerdict const verdict = parse_request_head({buffer.data(), size}, limits, search, *head);
    ASSERT_EQ(verdict.state, State::need_more) << size;
    ASSERT_GE(search.searched + 1, size);  // at most an unpaired CR is looked at again
    ASSERT_LE(search.line_start, search.searched);
  }
  EXPECT_EQ(parse_request_head(buffer, limits, search, *head).state, State::complete);
}

// A peer that speaks something else is told so after its first line, not when the time for heads is over.
TEST(HeadSearch, JudgesTheFirstLineAsSoonAsItEnds) {
  HttpLimits const limits;
  std::string_view const buffer = "GET / HTTP/2.0\r\n";
  RequestHead head;
  HeadSearch search;
  for (std::size_t size = 1; size < 12; ++size) {
    EXPECT_EQ(parse_request_head(buffer.substr(0, size), limits, search, head).state, State::need_more);
  }
  EXPECT_EQ(parse_request_head(buffer, limits, search, head).refusal.status, 505);
}

// T-51, inbound: no control byte anywhere in a head gets through, wherever it stands.
TEST(RequestHead, HoldsNoControlByteAnywhere) {
  RequestHead head;
  for (int byte = 0; byte < 128; byte = byte == 31 ? 127 : byte + 1) {
    if (byte == '\t') continue;
    for (std::size_t at = 0; at + 1 < kRequest.size(); ++at) {  // behind the last byte begins the body
      for (bool const insert : {true, false}) {
        std::string buffer{kRequest};
        if (!insert && buffer[at] == static_cast<char>(byte)) continue;
        buffer.replace(at, insert ? 0 : 1, 1, static_cast<char>(byte));
        ASSERT_NE(parse(buffer, head).state, State::complete) << byte << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace weir::net
