#include "net/http_fetch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using base::Fault;

struct PipeDialer final : Dialer {
  std::unique_ptr<Stream> stream;
  Endpoint asked;
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const& to, base::TimePoint) override {
    asked = to;
    co_return std::move(stream);
  }
};

base::Task<void> keep(NetFetcher& fetcher, FetchRequest const& request, base::TimePoint deadline,
                      std::optional<base::Result<FetchedReply>>& out) {
  out = co_await fetcher.fetch(request, deadline);
}

struct HttpFetch : testing::Test {
  base::VirtualLoop loop;
  PipeDialer dialer;
  NetFetcher fetcher{loop, dialer};
  std::unique_ptr<Stream> server;
  FetchRequest request;
  std::optional<base::Result<FetchedReply>> out;
  base::TaskGroup tasks{loop};

  HttpFetch() {
    request.url = *parse_url("http://keys.test/set?v=1");
    std::tie(dialer.stream, server) = make_pipe(loop);
  }

  std::string begin() {
    tasks.spawn(keep(fetcher, request, loop.now() + 5s, out));
    loop.run();
    std::string seen(4096, '\0');
    seen.resize(server->read({seen.data(), seen.size()}).bytes);
    return seen;
  }
  void answer(std::string_view text) {
    iovec const part{const_cast<char*>(text.data()), text.size()};
    ASSERT_EQ(server->write({&part, 1}).bytes, text.size());
    loop.run();
  }
};

TEST_F(HttpFetch, SendsItsFieldsAndBodyAndGivesTheWholeAnswer) {
  request.method = "POST";
  request.fields.emplace_back("Authorization", base::Secret("Basic abc"));
  request.body = base::Secret("grant_type=x");
  auto const sent = begin();
  EXPECT_EQ(sent,
            "POST /set?v=1 HTTP/1.1\r\nHost: keys.test\r\nUser-Agent: weir\r\nConnection: close\r\n"
            "Authorization: Basic abc\r\nContent-Length: 12\r\n\r\ngrant_type=x");
  EXPECT_EQ(dialer.asked, (Endpoint{false, "keys.test", 80}));
  answer(
      "HTTP/1.1 503 Busy\r\nContent-Type: Application/JSON; charset=utf-8\r\nRetry-After: 7\r\n"
      "Content-Length: 2\r\n\r\n{}");
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((*out)->status, 503);
  EXPECT_EQ((*out)->content_type, "application/json");
  EXPECT_EQ((*out)->field("retry-after"), "7");
  EXPECT_EQ((*out)->field("etag"), "");
  EXPECT_EQ((*out)->body, "{}");
}

TEST_F(HttpFetch, ARedirectIsAnAnswerAndNotFollowed) {
  begin();
  answer("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((*out)->status, 302);
  EXPECT_EQ((*out)->field("location"), "http://elsewhere.test/");
}

TEST_F(HttpFetch, ChallengesAreOneListInWhateverLinesTheyCome) {
  begin();
  answer(
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"a\"\r\nETag: \"1\"\r\nETag: \"2\"\r\n"
      "www-authenticate: DPoP error=\"use_dpop_nonce\"\r\nDPoP-Nonce: n-1\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((*out)->field("www-authenticate"), R"(Bearer realm="a", DPoP error="use_dpop_nonce")");
  EXPECT_EQ((*out)->field("dpop-nonce"), "n-1");
  EXPECT_EQ((*out)->field("etag"), "\"1\"");
}

TEST_F(HttpFetch, AnAnswerOfTheLimitIsTakenAndOneByteMoreIsNot) {
  request.answer_bytes_max = 4;
  begin();
  answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1234");
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((*out)->body, "1234");

  out.reset();
  std::tie(dialer.stream, server) = make_pipe(loop);
  begin();
  answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
  ASSERT_TRUE(out && !*out);
  EXPECT_EQ(out->error().fault, Fault::too_large);
}

TEST_F(HttpFetch, WhatIsNotCompleteAtTheDeadlineIsATimeout) {
  begin();
  answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12");
  EXPECT_FALSE(out);
  loop.advance(5s);
  ASSERT_TRUE(out && !*out);
  EXPECT_EQ(out->error().fault, Fault::timed_out);
}

TEST_F(HttpFetch, AFieldWithALineEndIsNotSent) {
  request.fields.emplace_back("X-Key", base::Secret("a\r\nX-Other: b"));
  EXPECT_EQ(begin(), "");
  ASSERT_TRUE(out && !*out);
  EXPECT_EQ(out->error().fault, Fault::invalid_input);
}

}  // namespace
}  // namespace weir::net
