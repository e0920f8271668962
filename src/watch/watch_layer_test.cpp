#include "watch/watch_layer.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/resource_notes.hpp"
#include "support/call_of.hpp"

namespace weir::watch {
namespace {

using namespace std::chrono_literals;
using mcp::Method;
using Words = std::vector<std::string>;

struct Server final : core::Backend {
  explicit Server(base::Scheduler& loop) : never(loop) {}
  base::Event never;
  bool modern = false, silent = false, dead = false;
  Words said;                                     // in order
  std::string answer = R"("result":{})";          // legacy
  std::function<void(mcp::Message const&)> told;  // of the newest subscription
  core::ResourceObserver* observer = nullptr;
  base::Event* broken = nullptr;  // ends the newest subscription

  std::string_view name() const noexcept override { return "s"; }
  base::Task<base::Result<core::ServerIdentity>> open() override { co_return core::ServerIdentity{}; }
  core::ServerStatus status() const override { return {}; }
  base::Task<void> close(base::TimePoint) override { co_return; }
  base::Task<base::Result<core::Outcome>> handle(core::Call&) override { co_return core::from_result("{}"); }
  bool listens() const noexcept override { return modern; }
  void hear(core::ResourceObserver* by) override { observer = by; }
  static base::Error gone() { return {base::Fault::connection_lost, base::Blame::upstream, "gone"}; }

  base::Task<base::Result<mcp::Message>> ask(Method method, std::string params) override {
    said.push_back((method == Method::resources_subscribe ? "+" : "-") + params);
    if (silent) co_await never.wait();
    if (dead) co_return gone();
    co_return test::message_of(R"({"jsonrpc":"2.0","id":1,)" + answer + '}');
  }
  base::Task<base::Result<void>> listen(std::string params,
                                        std::function<void(mcp::Message const&)> tell) override {
    struct End {
      Server& server;
      std::string params;
      ~End() { server.said.push_back("end " + params); }
    };
    said.push_back("listen " + params);
    End const end{*this, params};
    if (dead) co_return gone();
    if (silent) co_await never.wait();
    told = std::move(tell);
    told(test::message_of(
        R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)" + params + '}'));
    base::Event breaks(loop());
    broken = &breaks;
    co_await breaks.wait();
    co_return gone();
  }
  base::Scheduler& loop() { return *scheduler; }
  base::Scheduler* scheduler = nullptr;
};

struct Inbox final : core::ClientInbox {
  bool post(std::string note, base::TimePoint) override {
    if (!closed) notes.push_back(std::move(note));
    return !closed;
  }
  bool over() const override { return closed; }
  Words notes;
  bool closed = false;
};

struct Client {
  explicit Client(std::string id) {
    auto made = std::make_shared<core::ClientSession>();
    made->id = std::move(id);
    made->inbox = inbox;
    session = made;
  }
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::shared_ptr<core::ClientSession const> session;
};

struct Watch : testing::Test {
  base::VirtualLoop loop;
  base::SeededRandom random{7};
  std::shared_ptr<Server> server = std::make_shared<Server>(loop);
  base::Gate places{3};
  std::unique_ptr<WatchLayer> layer;
  Client one{"one"}, two{"two"};

  void SetUp() override {
    server->scheduler = &loop;
    layer = std::make_unique<WatchLayer>(server, server, loop, random, places, WatchOptions{});
  }
  core::Principal const who{"anonymous", "anonymous", {}};
  std::unique_ptr<core::Call> call_for(Client const& client, Method method, std::string const& uri,
                                       std::string const& shown = {}) {
    auto call =
        test::call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(mcp::traits_of(method).name) +
                          R"(","params":{"uri":")" + (shown.empty() ? uri : shown) + "\"}}",
                      mcp::kNewestLegacy);
    call->session = client.session;
    call->principal = &who;
    call->target = uri;
    return call;
  }
  std::string ask(Client const& client, Method method, std::string const& uri,
                  std::string const& shown = {}) {
    auto const call = call_for(client, method, uri, shown);
    auto work = layer->handle(*call);
    work.start();
    if (!work.done()) loop.advance(10s);
    if (!work.done()) return "no answer";
    auto answer = work.take();
    if (!answer) return base::name_of(answer.error().fault);
    bool const result = answer->message.kind() == mcp::MessageKind::result;
    return std::string(answer->message.raw(result ? mcp::Field::result : mcp::Field::error));
  }
  std::string subscribe(Client const& client, std::string const& uri, std::string const& shown = {}) {
    return ask(client, Method::resources_subscribe, uri, shown);
  }
  std::string unsubscribe(Client const& client, std::string const& uri) {
    return ask(client, Method::resources_unsubscribe, uri);
  }
};

TEST_F(Watch, ALegacyServerIsAskedOnceForAllSessions) {
  EXPECT_EQ(subscribe(one, "x://a"), "{}");
  EXPECT_EQ(subscribe(two, "x://a"), "{}");
  EXPECT_EQ(subscribe(one, "x://a"), "{}");
  EXPECT_EQ(unsubscribe(one, "x://a"), "{}");
  loop.advance(1s);
  EXPECT_EQ(server->said, Words{R"(+{"uri":"x://a"})"});
  EXPECT_EQ(places.inside(), 1U);
  layer->session_ended("two");
  loop.advance(1s);
  EXPECT_EQ(server->said, (Words{R"(+{"uri":"x://a"})", R"(-{"uri":"x://a"})"}));
  EXPECT_EQ(places.inside(), 0U);
  EXPECT_EQ(one.session->watches->inside() + two.session->watches->inside(), 0U);
}

TEST_F(Watch, AModernServerGetsANewSubscriptionBeforeTheOldOneEnds) {
  server->modern = true;
  subscribe(one, "x://a");
  subscribe(two, "x://b");
  unsubscribe(one, "x://a");
  loop.advance(1s);
  unsubscribe(two, "x://b");
  loop.advance(1s);
  std::string const a = core::listen_params({"x://a"}), b = core::listen_params({"x://b"}),
                    both = core::listen_params({"x://a", "x://b"});
  EXPECT_EQ(server->said,
            (Words{"listen " + a, "listen " + both, "end " + a, "listen " + b, "end " + both, "end " + b}));
}

TEST_F(Watch, UpdatesWithinATenthOfASecondAreOne) {
  subscribe(one, "x://a");
  for (int i = 0; i < 3; ++i) server->observer->resource_updated("x://a");
  server->observer->resource_updated("x://nobody");
  loop.advance(99ms);
  EXPECT_TRUE(one.inbox->notes.empty());
  loop.advance(1ms);
  EXPECT_EQ(one.inbox->notes, Words{core::resource_updated("x://a")});
  loop.advance(1s);
  EXPECT_EQ(one.inbox->notes.size(), 1U);
}

TEST_F(Watch, WhatTheServerSaysBesidesTheUriReachesItsReaders) {  // P082
  subscribe(one, "x://a", "x://s/a");
  server->observer->resource_updated_with("x://a", R"("n":[ 1 ],"_meta":{"k":1})");
  loop.advance(1s);
  EXPECT_EQ(one.inbox->notes, Words{core::resource_updated("x://s/a", R"("n":[ 1 ],"_meta":{"k":1})")});
}

TEST_F(Watch, SoItDoesFromTheSubscriptionOfAModernServer) {  // P082, P118
  server->modern = true;
  test::CollectingSink sink(loop);
  auto const call = test::call_of(R"({"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":)" +
                                      core::listen_params({"x://a"}) + '}',
                                  mcp::kNewest, &sink);
  auto work = layer->handle(*call);
  work.start();
  loop.advance(1s);
  sink.seen.clear();
  server->told(test::message_of(core::resource_updated(
      "x://a", R"("n":[ 1 ],"_meta":{"io.modelcontextprotocol/subscriptionId":1,"k":1})")));
  loop.advance(1s);
  EXPECT_EQ(sink.seen, Words{core::resource_updated("x://a", R"("n":[ 1 ],"_meta":{"k":1})")});
}

TEST_F(Watch, EachSessionIsToldOfAResourceAsItNamedItLast) {
  subscribe(one, "x://a", "x://s/a");
  subscribe(two, "x://a");
  server->observer->resource_updated("x://a");
  loop.advance(1s);
  EXPECT_EQ(one.inbox->notes, Words{core::resource_updated("x://s/a")});
  EXPECT_EQ(two.inbox->notes, Words{core::resource_updated("x://a")});
  subscribe(two, "x://a", "x://s/a");
  server->observer->resource_updated("x://a");
  loop.advance(1s);
  EXPECT_EQ(two.inbox->notes.back(), core::resource_updated("x://s/a"));
  EXPECT_EQ(server->said, Words{R"(+{"uri":"x://a"})"});
  EXPECT_EQ(places.inside(), 2U);
}

TEST_F(Watch, TheServersRefusalIsTheAnswerAndIsForgottenForTheNext) {
  server->answer = R"("error":{"code":-32002,"message":"no","data":{"uri":"x://a"}})";
  EXPECT_EQ(subscribe(one, "x://a"), R"({"code":-32002,"message":"no","data":{"uri":"x://a"}})");
  EXPECT_EQ(places.inside(), 0U);
  server->answer = R"("result":{})";
  EXPECT_EQ(subscribe(two, "x://a"), "{}");
}

TEST_F(Watch, AServerThatSaysNothingIsWaitedForOnlySoLong) {
  for (bool const modern : {false, true}) {
    server->modern = modern;
    server->silent = true;
    EXPECT_EQ(subscribe(one, "x://a"), "timed_out");
    EXPECT_EQ(places.inside(), 0U);
    server->silent = false;
    server->dead = true;
    EXPECT_EQ(subscribe(one, "x://a"), "connection_lost");
    EXPECT_EQ(places.inside(), 0U);
    server->dead = false;
    EXPECT_EQ(subscribe(one, "x://a"), "{}");
    unsubscribe(one, "x://a");
    loop.advance(1s);
  }
}

TEST_F(Watch, ASubscriberThatStopsWaitingGivesItsPlaceBack) {
  server->silent = true;
  auto const call = call_for(one, Method::resources_subscribe, "x://a");
  {
    auto work = layer->handle(*call);
    work.start();
    EXPECT_EQ(places.inside(), 1U);
  }
  EXPECT_EQ(places.inside(), 0U);
}

TEST_F(Watch, ASessionThatHasEndedMeanwhileTakesNoPlace) {
  one.inbox->closed = true;
  EXPECT_EQ(subscribe(one, "x://a"), "not_found");
  EXPECT_EQ(places.inside(), 0U);
}

TEST_F(Watch, PlacesOfASessionAndOfAllAreBounded) {
  one.session->watches->set_most(2);
  EXPECT_EQ(subscribe(one, "x://a"), "{}");
  EXPECT_EQ(subscribe(one, "x://b"), "{}");
  EXPECT_NE(subscribe(one, "x://c").find("-32603"), std::string::npos);
  EXPECT_EQ(subscribe(two, "x://c"), "{}");
  EXPECT_NE(subscribe(two, "x://d").find("-32603"), std::string::npos);
  EXPECT_EQ(two.session->watches->inside(), 1U);
  unsubscribe(one, "x://a");
  EXPECT_EQ(subscribe(two, "x://d"), "{}");
}

TEST_F(Watch, AfterAGapALegacyServerIsAskedAnewAndItsReadersAreTold) {  // P054, P071
  subscribe(one, "x://a");
  server->said.clear();
  server->observer->resources_missed();
  loop.advance(1s);
  EXPECT_EQ(server->said, Words{R"(+{"uri":"x://a"})"});
  EXPECT_EQ(one.inbox->notes, Words{core::resource_updated("x://a")});
}

TEST_F(Watch, ABrokenSubscriptionIsMadeAgainInGrowingPauses) {  // P054, P071
  server->modern = true;
  subscribe(one, "x://a");
  std::vector<base::Duration> pauses;
  for (int i = 0; i < 6; ++i) {
    server->said.clear();
    server->broken->set();
    auto const since = loop.now();
    for (int step = 0; step < 3000 && (server->said.empty() || server->said.back().starts_with("end"));
         ++step)
      loop.advance(10ms);
    pauses.push_back(loop.now() - since);
    loop.advance(200ms);
    EXPECT_EQ(one.inbox->notes.size(), static_cast<std::size_t>(i) + 1);
  }
  EXPECT_GE(pauses.front(), 120ms);
  EXPECT_LE(pauses.front(), 400ms);
  EXPECT_GE(pauses.back(), 4s);  // half of 8 s
}

TEST_F(Watch, ASubscriptionIsToldEachChangeUntilItIsDropped) {
  test::CollectingSink sink(loop);
  auto const call = test::call_of(R"({"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":)" +
                                      core::listen_params({"x://a", "x://b"}) + '}',
                                  mcp::kNewest, &sink);
  {
    auto work = layer->handle(*call);
    work.start();
    loop.advance(1s);
    sink.close();  // reads nothing
    for (int i = 0; i < 5; ++i) {
      server->observer->resource_updated("x://b");
      loop.advance(1s);
    }
    sink.open();
    loop.advance(1s);
    ASSERT_EQ(sink.seen.size(), 3U);
    EXPECT_NE(sink.seen[0].find("acknowledged"), std::string::npos);
    EXPECT_EQ(sink.seen[1], core::resource_updated("x://b"));  // on its way
    EXPECT_EQ(sink.seen[2], core::resource_updated("x://b"));  // kept
  }
  loop.advance(1s);
  EXPECT_EQ(server->said.back(), R"(-{"uri":"x://b"})");
}

TEST_F(Watch, AWaitingSubscriptionIsToldWhatTheNewestChangeSaidAndNoOlderOne) {
  test::CollectingSink sink(loop);
  auto const call = test::call_of(R"({"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":)" +
                                      core::listen_params({"x://a"}) + '}',
                                  mcp::kNewest, &sink);
  auto work = layer->handle(*call);
  work.start();
  loop.advance(1s);
  sink.close();  // reads nothing
  for (char const* more : {R"("n":1)", R"("n":2)", ""}) {
    server->observer->resource_updated_with("x://a", more);
    loop.advance(1s);
  }
  sink.open();
  loop.advance(1s);
  ASSERT_GE(sink.seen.size(), 2U);
  EXPECT_EQ(sink.seen.back(), core::resource_updated("x://a"));
}

}  // namespace
}  // namespace weir::watch
