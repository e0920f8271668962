#include "upstream/sse_process_io.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"
#include "support/wire.hpp"
#include "upstream/sse_posts_io.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr char kTaken[] = "HTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n";

// A server of revision 2024-11-05: what it does with a message stands in the message.
struct SseServer final : net::Dialer {
  explicit SseServer(base::Scheduler& s) : scheduler(s), connections(s) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const&,
                                                              base::TimePoint) override {
    if (away) {
      co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "away", base::Retry::always);
    }
    auto ends = net::make_pipe(scheduler, 64 * 1024);
    connections.spawn(serve(std::move(ends.second)));
    co_return std::move(ends.first);
  }
  base::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    test::Wire wire(std::move(stream));
    for (;;) {
      auto head = co_await wire.head();
      if (!head) co_return;
      if (head->start.starts_with("GET ")) {
        co_await wire.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\ndata: " + endpoint +
            "\n\n");
        events = &wire;
        co_await wire.until_gone();
        events = nullptr;
        co_return;
      }
      auto body = co_await wire.body(*head);
      if (!body) co_return;
      taken.push_back(*body);
      auto const does = [&body](char const* what) { return body->find(what) != std::string::npos; };
      if (does("lost")) co_return;
      if (does("hang")) {
        co_await wire.until_gone();
        given_up.push_back(*body);
        co_return;
      }
      std::string answer = kTaken;
      if (does("fail")) answer = "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n";
      if (does("throttle")) answer = "HTTP/1.1 429 X\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n";
      if (does("forgot")) answer = "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n";
      if (does("endless")) answer = "HTTP/1.1 202 X\r\nContent-Length: 9\r\n\r\nAcc";
      co_await wire.write(answer);
    }
  }
  base::Task<void> tell(std::string message) {
    co_await events->write("event: message\ndata: " + message + "\n\n");
  }
  bool took(std::string const& part) const {
    return std::any_of(taken.begin(), taken.end(),
                       [&part](auto const& body) { return body.find(part) != std::string::npos; });
  }

  base::Scheduler& scheduler;
  std::string endpoint = "/post?s=1";
  bool away = false;
  test::Wire* events = nullptr;
  std::vector<std::string> taken;
  std::vector<std::string> given_up;  // of those that hang
  base::TaskGroup connections;
};

struct Sse : testing::Test {
  base::VirtualLoop loop;
  SseServer server{loop};
  SseOptions options{*net::parse_url("http://old.test/sse"), {}};  // before start()
  std::optional<SseSpawner> spawner;
  std::unique_ptr<ChildProcess> process;

  void start() {
    spawner.emplace(loop, server, options);
    process = std::move(*spawner->spawn({}));
    loop.run();
  }
  void say(std::string line) {
    line += '\n';
    for (std::size_t sent = 0; sent < line.size();) {
      iovec const piece{line.data() + sent, line.size() - sent};
      auto const put = process->input().write({&piece, 1});
      if (put.state == net::IoState::moved) sent += put.bytes;
      loop.run();
    }
  }
  void tell(std::string message) {
    server.connections.spawn(server.tell(std::move(message)));
    loop.run();
  }
  std::string heard(net::Stream& from) {
    std::array<char, 4096> buffer;
    auto const got = from.read(buffer);
    return got.state == net::IoState::moved ? std::string(buffer.data(), got.bytes) : std::string();
  }
  std::string answers() { return heard(process->output()); }
  void take_all_places();
};

std::string request(std::string const& id, std::string const& method) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + "\"}";
}

std::string cancelled(std::string const& id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}";
}

std::string note(std::string const& method, std::string const& params = "{}") {
  return R"({"jsonrpc":"2.0","method":"notifications/)" + method + R"(","params":)" + params + "}";
}

std::string result(std::string const& id) { return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})"; }

// Of the requests 1 to kPlaces.
void Sse::take_all_places() {
  for (std::size_t id = 1; id <= SsePosts::kPlaces; ++id) say(request(std::to_string(id), "hang"));
}

TEST_F(Sse, APostThatHangsHoldsUpNoOtherRequest) {
  start();
  say(request("1", "hang"));
  say(request("2", "fine"));
  EXPECT_EQ(server.taken.size(), 2U);
}

// It is at work, or the acknowledgement was lost: the stream has the answer, or the call ends in time.
TEST_F(Sse, ALateAcknowledgementIsNoAnswer) {
  start();
  say(request("1", "hang"));
  loop.advance(SsePosts::kPostMax);
  EXPECT_EQ(server.given_up.size(), 1U);
  EXPECT_EQ(answers(), "");
  tell(result("1"));
  EXPECT_EQ(answers(), result("1") + "\n");
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, ALostAcknowledgementIsNoAnswer) {  // T-03
  start();
  say(request("1", "lost"));
  say(request("2", "fine"));
  say(request("3", "lost"));  // on a connection that was kept
  ASSERT_EQ(server.taken.size(), 3U);
  EXPECT_EQ(answers(), "");
  tell(result("1"));
  tell(result("3"));
  EXPECT_EQ(answers(), result("1") + "\n" + result("3") + "\n");
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, ARefusedPostFailsItsOwnRequestOnly) {
  start();
  say(request("7", "fail"));
  EXPECT_EQ(answers(), R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":)"
                       "\"The server did not take the message: the server answered HTTP 500\"}}\n");
  auto const why = process->take_failure(7);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->fault, base::Fault::unavailable);
  EXPECT_FALSE(process->take_failure(7)) << "once";
  say(request("8", "fine"));
  EXPECT_EQ(server.taken.size(), 2U);
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, AServerWithTooMuchToDoSaysWhenToComeBack) {
  start();
  say(request("1", "throttle"));
  EXPECT_NE(answers().find(R"("id":1,"error")"), std::string::npos);
  auto const why = process->take_failure(1);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->fault, base::Fault::throttled);
  EXPECT_EQ(why->retry_after, 2s);
}

TEST_F(Sse, WhatWasNeverSentIsSaidToBe) {
  start();
  server.away = true;
  say(request("1", "fine"));
  EXPECT_NE(answers().find(R"("id":1,"error")"), std::string::npos);
  auto const why = process->take_failure(1);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->fault, base::Fault::connect_failed);
  EXPECT_EQ(why->retry, base::Retry::always);
}

// Whichever end of its answer says which it is.
TEST_F(Sse, AnAnswerThatIsTooLargeFailsItsOwnRequestOnly) {
  options.event_bytes_max = 1000;
  start();
  for (char const* id : {"1", "2", "3"}) say(request(id, "fine"));
  std::string const much = R"("result":{"a":")" + std::string(2000, 'x') + "\"}";
  tell(R"({"jsonrpc":"2.0","id":1,)" + much + "}");
  tell("{" + much + R"(,"jsonrpc":"2.0","id":2})");
  tell(result("3"));
  EXPECT_EQ(answers(),
            R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"The answer is too large"}})"
            "\n"
            R"({"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"The answer is too large"}})"
            "\n" +
                result("3") + "\n");
  for (std::uint64_t const id : {1U, 2U}) {
    auto const why = process->take_failure(id);
    ASSERT_TRUE(why);
    EXPECT_EQ(why->fault, base::Fault::too_large);
  }
  EXPECT_EQ(heard(process->errors()), "");
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, ATooLargeMessageThatShowsNoRequestIsSaidToBePassedOver) {
  options.event_bytes_max = 1000;
  start();
  say(request("1", "fine"));
  tell(R"({"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"a":")" +
       std::string(2000, 'x') + "\"}}");
  EXPECT_EQ(answers(), "") << "it asks, with an id of its own";
  EXPECT_EQ(heard(process->errors()),
            "an event of more than 1000 bytes from the server was passed over; "
            "it does not show what it answers\n");
  tell(result("1"));
  EXPECT_EQ(answers(), result("1") + "\n");
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, AForgottenSessionIsItsEnd) {
  start();
  say(request("1", "forgot"));
  EXPECT_TRUE(process->exited().is_set());
  EXPECT_NE(heard(process->errors()).find("does not know the session"), std::string::npos);
}

TEST_F(Sse, WhatFollowsInitializedWaitsForItButNotForEver) {
  start();
  say(note("initialized", R"({"a":"hang"})"));
  say(request("1", "fine"));
  EXPECT_EQ(server.taken.size(), 1U);
  loop.advance(SsePosts::kOtherMax);
  EXPECT_EQ(server.taken.size(), 2U);
  EXPECT_TRUE(server.given_up.empty()) << "it may still be taken";
  loop.advance(SsePosts::kPostMax);
  EXPECT_EQ(server.given_up.size(), 1U);
}

TEST_F(Sse, NoOtherMessageHoldsUpAnything) {
  start();
  say(note("cancelled", R"({"requestId":99,"reason":"hang"})"));
  say(R"({"jsonrpc":"2.0","id":5,"result":{"a":"hang"}})");
  say(request("1", "fine"));
  EXPECT_EQ(server.taken.size(), 3U);
  EXPECT_TRUE(server.given_up.empty());
  loop.advance(SsePosts::kOtherMax);
  EXPECT_EQ(server.given_up.size(), 2U);
}

TEST_F(Sse, OfTooManyOtherMessagesTheOldestIsGivenUp) {
  start();
  auto const nth = [](std::size_t i) { return note("progress", R"({"hang":)" + std::to_string(i) + "}"); };
  for (std::size_t i = 0; i <= SsePosts::kOthersMost; ++i) say(nth(i));
  EXPECT_EQ(server.taken.size(), SsePosts::kOthersMost + 1);
  EXPECT_EQ(server.given_up, std::vector<std::string>{nth(0)});
}

TEST_F(Sse, ARequestWhoseCallHasEndedIsNotSentAnyMore) {
  start();
  take_all_places();
  auto const ended = std::to_string(SsePosts::kPlaces + 1);
  auto const next = std::to_string(SsePosts::kPlaces + 2);
  say(request(ended, "fine"));
  say(request(next, "fine"));
  EXPECT_EQ(server.taken.size(), SsePosts::kPlaces) << "there is no place for them";
  say(cancelled(ended));
  EXPECT_EQ(server.taken.size(), SsePosts::kPlaces) << "it knows nothing of what is cancelled";
  say(cancelled("1"));
  EXPECT_TRUE(server.took(cancelled("1")));
  EXPECT_EQ(server.given_up, std::vector<std::string>{request("1", "hang")});
  EXPECT_TRUE(server.took(request(next, "fine"))) << "in the place that became free";
  loop.advance(SsePosts::kPostMax);
  EXPECT_FALSE(server.took(request(ended, "fine")));
  EXPECT_FALSE(server.took(cancelled(ended)));
}

TEST_F(Sse, AnAnswerFreesThePlaceOfAPostThatIsNotAcknowledged) {
  start();
  take_all_places();
  auto const next = request(std::to_string(SsePosts::kPlaces + 1), "fine");
  say(next);
  tell(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");  // a request of the server's own
  EXPECT_FALSE(server.took(next));
  tell(result("1"));
  EXPECT_TRUE(server.took(next));
  EXPECT_TRUE(server.given_up.empty()) << "the acknowledgement is often on its way";
  loop.advance(SsePosts::kOtherMax);
  EXPECT_EQ(server.given_up, std::vector<std::string>{request("1", "hang")});
}

TEST_F(Sse, AnAcknowledgementWithoutEndTakesNoPlace) {
  start();
  for (std::size_t id = 1; id <= SsePosts::kPlaces; ++id) say(request(std::to_string(id), "endless"));
  say(request("100", "fine"));
  EXPECT_EQ(server.taken.size(), SsePosts::kPlaces + 1);
}

TEST_F(Sse, NotWithoutBoundMayRequestsWait) {
  start();
  take_all_places();
  auto const large = [](std::string const& id) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"fine","params":{"a":")" +
           std::string(SsePosts::kWaitingMax / 2, 'x') + R"("}})";
  };
  say(large("100"));
  EXPECT_EQ(answers(), "");
  say(large("101"));
  EXPECT_NE(answers().find(R"("id":101,"error")"), std::string::npos);
  auto const why = process->take_failure(101);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->fault, base::Fault::busy);
  EXPECT_EQ(why->retry, base::Retry::always);
  say(cancelled("100"));
  say(request("102", "fine"));
  EXPECT_EQ(answers(), "") << "there is room again";
}

TEST_F(Sse, AnEndpointOfAnotherOriginIsRefused) {  // P051
  server.endpoint = "http://old.test:81/post";
  start();
  EXPECT_TRUE(process->exited().is_set());
  EXPECT_NE(heard(process->errors()).find("another origin"), std::string::npos);
}

}  // namespace
}  // namespace weir::upstream
