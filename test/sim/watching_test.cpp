#include <gtest/gtest.h>

#include <algorithm>

#include "core/resource_notes.hpp"
#include "support/world.hpp"

// Single resources, watched by clients of either era at servers of either era.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;
using Notes = std::vector<std::string>;

constexpr char kUri[] = "res://a/a";

std::string updated(std::string const& uri, std::string const& more = {}) {
  return core::resource_updated(uri, more);
}
std::string uri_of(std::string const& uri) { return R"("uri":")" + uri + '"'; }

struct Watching : testing::TestWithParam<Speaks> {
  World world;
  FakeServer& server = world_http();
  FakeServer& world_http() {
    auto& made = world.http("a", GetParam());
    made.watchable = true;
    return made;
  }
  FakeClient& session() {
    auto& client = world.client(Era::legacy);
    client.initialize();
    world.advance(0s);
    return client;
  }
  FakeClient::Replied own_stream(FakeClient& client) {
    return client.post(
        "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: " +
        client.session() + "\r\n\r\n");
  }
  std::string ask(FakeClient& client, std::string const& what, std::string const& uri) {
    auto const reply = client.request("resources/" + what, uri_of(uri), "7");
    world.advance(100ms);
    return reply->final();
  }
  FakeClient::Replied listen(std::string const& id, std::vector<std::string> const& uris) {
    auto const params = core::listen_params(uris);
    auto reply =
        world.client(Era::modern).request("subscriptions/listen", params.substr(1, params.size() - 2), id);
    world.advance(100ms);
    return reply;
  }
  static long count(FakeClient::Replied const& reply, std::string const& note) {
    return std::count(reply->notes.begin(), reply->notes.end(), note);
  }
  bool upstream(std::string const& uri) {  // whether the server knows of a subscription to it
    return server.watched.contains(uri) || server.resources_listened_to().contains(uri);
  }
};

constexpr char kDone[] = R"({"jsonrpc":"2.0","id":7,"result":{}})";
std::string tag(std::string const& id) {
  return R"("_meta":{"io.modelcontextprotocol/subscriptionId":)" + id + '}';
}

TEST_P(Watching, EachSessionThatSubscribedIsToldOnceOnItsOwnStream) {  // P047
  world.start();
  auto &one = session(), &two = session(), &three = session();
  auto const first = own_stream(one), second = own_stream(two), third = own_stream(three);
  EXPECT_EQ(ask(one, "subscribe", kUri), kDone);
  EXPECT_EQ(ask(two, "subscribe", kUri), kDone);
  EXPECT_EQ(ask(two, "subscribe", kUri), kDone);  // again: still one
  server.update(kUri);
  server.update(kUri);  // a burst is one notification
  world.advance(1s);
  EXPECT_EQ(first->notes, Notes{updated(kUri)});
  EXPECT_EQ(second->notes, Notes{updated(kUri)});
  EXPECT_TRUE(third->notes.empty());
  EXPECT_EQ(server.seen["resources/subscribe"] + server.listens_most, 1);  // shared
  server.update(kUri);
  world.advance(1s);
  EXPECT_EQ(first->notes.size(), 2U);
}

TEST_P(Watching, TheLastOneWhoLeavesEndsTheSubscriptionUpstream) {
  world.start();
  auto &one = session(), &two = session(), &three = session();
  for (auto* const client : {&one, &two, &three}) ask(*client, "subscribe", kUri);
  EXPECT_EQ(world.watches().inside(), 3U);
  EXPECT_EQ(ask(one, "unsubscribe", kUri), kDone);
  EXPECT_EQ(ask(one, "unsubscribe", kUri), kDone);
  two.end_session();
  world.advance(1s);
  EXPECT_TRUE(upstream(kUri));
  EXPECT_EQ(world.watches().inside(), 1U);
  world.advance(world.settings.sessions.idle + 2s);  // the third one never says goodbye
  EXPECT_EQ(world.sessions().size(), 0U);
  EXPECT_FALSE(upstream(kUri));
  EXPECT_EQ(world.watches().inside(), 0U);
}

TEST_P(Watching, EachSubscriptionIsToldUnderItsOwnId) {  // P064, P065
  world.start();
  auto const one = listen("1", {kUri, "res://b/x"}), two = listen("\"q\"", {kUri});
  EXPECT_EQ(count(one, updated(kUri)), 0);
  ASSERT_EQ(one->notes.size(), 1U);
  EXPECT_NE(one->notes[0].find(R"("resourceSubscriptions":["res://a/a","res://b/x"])"), std::string::npos)
      << one->notes[0];  // the only server with resources owns what nobody lists
  server.update(kUri);
  world.advance(1s);
  EXPECT_EQ(count(one, updated(kUri, tag("1"))), 1);
  EXPECT_EQ(count(two, updated(kUri, tag("\"q\""))), 1);
  EXPECT_EQ(one->notes.size() + two->notes.size(), 4U);
  world.client(Era::modern).hang_up(one);
}

TEST_P(Watching, ASubscriptionThatEndsGivesEverythingBack) {
  world.start();
  auto& client = world.client(Era::modern);
  auto const params = core::listen_params({kUri});
  auto const reply = client.request("subscriptions/listen", params.substr(1, params.size() - 2));
  world.advance(1s);
  EXPECT_TRUE(upstream(kUri));
  client.hang_up(reply);
  world.advance(1s);
  EXPECT_FALSE(upstream(kUri));
  EXPECT_EQ(world.watches().inside(), 0U);
}

TEST_P(Watching, AfterAGapItSubscribesAnewAndTellsOfWhatItMissed) {  // P054, P071
  world.start();
  auto& client = session();
  auto const stream = own_stream(client);
  auto const listener = listen("1", {kUri});
  ask(client, "subscribe", kUri);
  server.forget_sessions();
  server.end_streams();
  world.advance(30s);
  EXPECT_TRUE(upstream(kUri));
  EXPECT_EQ(count(stream, updated(kUri)), 1);
  EXPECT_EQ(count(listener, updated(kUri, tag("1"))), 1);
  server.update(kUri);
  world.advance(1s);
  EXPECT_EQ(count(stream, updated(kUri)), 2);
  EXPECT_EQ(count(listener, updated(kUri, tag("1"))), 2);
}

TEST_P(Watching, AServerThatWasAwayIsAskedAgain) {
  world.start();
  auto const listener = listen("1", {kUri});
  server.die();
  world.advance(10s);
  session().call("a__echo");  // finds it gone: it is asked what it is when it comes back
  world.advance(10s);
  EXPECT_EQ(listener->notes.size(), 1U);
  server.watched.clear();
  server.alive = true;
  world.advance(150s);
  EXPECT_TRUE(upstream(kUri));
  EXPECT_GE(count(listener, updated(kUri, tag("1"))), 1);
}

TEST_P(Watching, GoesOnWhenTheServerIsFoundToBeAModernOne) {  // P014, P071
  world.start();
  auto const listener = listen("1", {kUri});
  server.become(Speaks::modern);
  world.advance(6h);  // a verdict lasts no longer
  world.advance(1min);
  EXPECT_TRUE(server.resources_listened_to().contains(kUri));
  auto const before = count(listener, updated(kUri, tag("1")));
  server.update(kUri);
  world.advance(1s);
  EXPECT_EQ(count(listener, updated(kUri, tag("1"))), before + 1);
}

TEST_P(Watching, ARefusalReachesTheClientAndTakesNoPlace) {
  server.unwatched.insert(kUri);
  world.start();
  auto& client = session();
  EXPECT_NE(ask(client, "subscribe", kUri).find(R"("error":{"code":-32)"), std::string::npos);
  EXPECT_EQ(world.watches().inside(), 0U);
  server.unwatched.clear();
  EXPECT_EQ(ask(client, "subscribe", kUri), kDone);
}

TEST_P(Watching, WhatASessionAndTheProcessWatchIsBounded) {
  world.watches().set_most(core::ClientSession::kWatchesMax + 1);
  world.start();
  auto &greedy = session(), &modest = session();
  std::string reply;
  for (unsigned i = 0; i < core::ClientSession::kWatchesMax; ++i) {
    greedy.request("resources/subscribe", uri_of("res://a/" + std::to_string(i)), "7");
    if (i % 50 == 49) world.advance(1s);
  }
  world.advance(10s);
  EXPECT_EQ(world.watches().inside(), core::ClientSession::kWatchesMax);
  EXPECT_NE(ask(greedy, "subscribe", "res://a/more").find("Too many resources"), std::string::npos);
  EXPECT_EQ(ask(greedy, "subscribe", "res://a/1"), kDone);  // it has that one
  EXPECT_EQ(ask(modest, "subscribe", "res://a/1"), kDone);
  EXPECT_NE(ask(modest, "subscribe", "res://a/2").find("Too many resources"), std::string::npos);
  greedy.end_session();
  world.advance(1s);
  EXPECT_EQ(ask(modest, "subscribe", "res://a/2"), kDone);
  EXPECT_EQ(world.watches().inside(), 2U);
}

TEST_P(Watching, AChangedSetMissesNothingAndDoublesNothing) {
  server.ack_after = 50ms;
  world.start();
  auto const first = listen("1", {kUri});
  world.advance(1s);
  for (int i = 2; i < 40; ++i) {  // an update in every phase of the change
    server.counts_at_once = i % 2 == 0;
    auto const before = count(first, updated(kUri, tag("1")));
    auto const params = core::listen_params({kUri, "res://a/" + std::to_string(i)});
    world.client(Era::modern)
        .request("subscriptions/listen", params.substr(1, params.size() - 2), std::to_string(i));
    world.advance(i * 2ms);
    server.update(kUri);
    world.advance(1s);
    EXPECT_EQ(count(first, updated(kUri, tag("1"))), before + 1) << i;
  }
  EXPECT_LE(server.listens_most, 2);  // the old one and the new one
}

std::string name_of(testing::TestParamInfo<Speaks> const& info) {
  if (info.param == Speaks::both) return "BothEras";
  return info.param == Speaks::modern ? "ModernServer" : "LegacyServer";
}
INSTANTIATE_TEST_SUITE_P(Servers, Watching, testing::Values(Speaks::legacy, Speaks::modern, Speaks::both),
                         name_of);

}  // namespace
}  // namespace weir::test
