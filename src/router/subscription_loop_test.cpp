#include "router/subscription_loop.hpp"

#include "router/routed_test.hpp"

namespace weir::router {
namespace {

class Subscription : public Routed {};

constexpr char kListen[] = R"({"notifications":{"toolsListChanged":true}})";

std::string tagged(std::string const& method, std::string const& before = {}) {
  return R"({"jsonrpc":"2.0","method":"notifications/)" + method + R"(","params":{)" + before +
         R"("_meta":{"io.modelcontextprotocol/subscriptionId":"q1"}}})";
}

TEST_F(Subscription, ASubscriptionIsAcknowledgedThenTellsOfChanges) {  // P064, P065, P066
  auto const server = add("s", kTools), other = add("other", kTools);
  start();
  auto const running = send("subscriptions/listen", kListen);
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0],
            tagged("subscriptions/acknowledged", R"("notifications":{"toolsListChanged":true},)"));
  server->lists[ListKind::prompts] = {R"({"name":"p"})"};
  catalogs_.list_changed("s", mcp::Method::prompts_list);  // not asked for
  loop_.advance(1s);
  EXPECT_EQ(running->client.heard.size(), 1U);
  auto const seen = feed_.current().generation();
  for (auto const& one : {server, other}) {  // two changes within the time of one
    one->lists[ListKind::tools].push_back(tool("new"));
    catalogs_.list_changed(one->name(), mcp::Method::tools_list);
    loop_.advance(50ms);
  }
  loop_.advance(1s);
  EXPECT_EQ(feed_.current().generation(), seen + 2);
  ASSERT_EQ(running->client.heard.size(), 2U);
  EXPECT_EQ(running->client.heard[1], tagged("tools/list_changed"));
  catalogs_.list_changed("s", mcp::Method::tools_list);  // the list looks the same, but its server says so
  loop_.advance(1s);
  EXPECT_EQ(running->client.heard.size(), 3U);
  EXPECT_FALSE(running->answer);
  catalogs_.stop();
  feed_.close();
  loop_.run();
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(bytes_of(**running->answer), R"({"jsonrpc":"2.0","id":0,"result":{"resultType":"complete",)"
                                         R"("_meta":{"io.modelcontextprotocol/subscriptionId":"q1"}}})");
}

TEST_F(Subscription, ASubscriptionEndsWhenNobodyListensAnyMore) {
  auto const server = add("s", kTools);
  start();
  auto const running = send("subscriptions/listen", kListen);
  running->client.listening = false;
  server->lists[ListKind::tools].clear();
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1s);
  EXPECT_TRUE(running->answer);
}

TEST_F(Subscription, TemplatesCountAsResources) {
  auto const server = add("s", {});
  start();
  auto const running = send("subscriptions/listen", R"({"notifications":{"resourcesListChanged":true}})");
  server->lists[ListKind::templates] = {R"({"uriTemplate":"x://{a}","name":"n"})"};
  catalogs_.list_changed("s", mcp::Method::notifications_resources_list_changed);
  loop_.advance(1s);
  ASSERT_EQ(running->client.heard.size(), 2U);
  EXPECT_EQ(running->client.heard[1], tagged("resources/list_changed"));
}

TEST_F(Subscription, AMalformedSubscriptionIsRefusedBeforeTheFirstByte) {
  start();
  for (char const* params : {"{}", R"({"notifications":[]})", R"({"notifications":{"toolsListChanged":1}})",
                             R"({"notifications":{"taskIds":"t"}})"}) {
    auto const running = send("subscriptions/listen", params);
    ASSERT_TRUE(running->answer && *running->answer) << params;
    EXPECT_EQ((*running->answer)->message.integer(mcp::Field::error_code), -32602);
    EXPECT_TRUE(running->client.heard.empty());
  }
}

TEST_F(Subscription, TasksNeedTheirExtensionAndAreNotAcknowledged) {  // P064, P112
  start();
  std::string const listen = R"({"notifications":{"toolsListChanged":true,"taskIds":["t"]})";
  auto const refused = send("subscriptions/listen", listen + '}');
  ASSERT_TRUE(refused->answer && *refused->answer);
  EXPECT_EQ((*refused->answer)->message.integer(mcp::Field::error_code), -32021);
  EXPECT_TRUE(refused->client.heard.empty());
  EXPECT_EQ(listens_.inside(), 0U);
  auto const running = send("subscriptions/listen", listen + ',' + kTasksDeclared + '}');
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0],
            tagged("subscriptions/acknowledged", R"("notifications":{"toolsListChanged":true},)"));
  EXPECT_FALSE(running->answer);
}

TEST_F(Subscription, SubscriptionsAreCountedAndGivenBack) {
  start();
  Subscriptions one_worker(loop_, feed_, listens_, watches_, {}),
      another(loop_, feed_, listens_, watches_, {});
  auto message = mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":"subscriptions/listen","params":)" +
                             std::string(kListen) + '}');
  Running one(std::move(*message), mcp::kNewest);
  {
    auto first = one_worker.serve(one.call), second = another.serve(one.call),
         third = one_worker.serve(one.call);
    first.start();
    second.start();
    EXPECT_FALSE(first.done() || second.done());
    third.start();
    ASSERT_TRUE(third.done());
    EXPECT_EQ(third.take()->message.integer(mcp::Field::error_code), -32603);
    EXPECT_EQ(listens_.inside(), 2U);
  }
  EXPECT_EQ(listens_.inside(), 0U);  // cancelled
}

Lists const kResources{
    {ListKind::resources, {R"({"uri":"x://1","name":"1"})", R"({"uri":"x://2","name":"2"})"}}};

std::string watching(std::vector<std::string> const& uris) {
  return R"({"notifications":{"resourceSubscriptions":)" + array_of(uris) + "}}";
}
std::string acknowledged(std::string const& uris) {
  return tagged("subscriptions/acknowledged", R"("notifications":{"resourceSubscriptions":)" + uris + "},");
}
std::string updated(std::string const& uri) {
  return tagged("resources/updated", R"("uri":")" + uri + R"(",)");
}
void say(FakeServer& server, std::string const& uri, std::string const& more = {}) {
  for (auto* const call : server.listening) {
    auto telling = call->client->notify(
        R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":")" + uri + '"' +
        more + "}}");
    telling.start();
  }
}

TEST_F(Subscription, TellsWhatAServerSaysBesidesTheUri) {  // P065, P082, P118
  auto const a = add("a", kResources);
  start();
  auto const running = send("subscriptions/listen", watching({R"("x://1")", R"("x://2")"}));
  auto const id = R"("io.modelcontextprotocol/subscriptionId":)";
  auto const said = [](std::string const& params) {
    return R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{)" + params + "}}";
  };
  say(*a, "x://1", R"(,"n":[ 1 ],"_meta":{"k":1,)" + std::string(id) + "7}");
  say(*a, "x://2", R"(,"n":2)");
  loop_.run();
  ASSERT_EQ(running->client.heard.size(), 3U);
  EXPECT_EQ(running->client.heard[1],
            said(R"("uri":"x://1","n":[ 1 ],"_meta":{)" + std::string(id) + R"("q1","k":1})"));
  EXPECT_EQ(running->client.heard[2],
            said(R"("uri":"x://2","n":2,"_meta":{)" + std::string(id) + R"("q1"})"));
  running->client.listening = false;
  say(*a, "x://1");
  loop_.run();
}

TEST_F(Subscription, TwoUpdatesToldAsOneSayWhatTheNewerOneSaid) {
  auto const a = add("a", kResources);
  start();
  auto const running = send("subscriptions/listen", watching({R"("x://1")"}));
  say(*a, "x://1", R"(,"n":1)");
  say(*a, "x://1");  // says nothing besides
  loop_.run();
  ASSERT_EQ(running->client.heard.size(), 2U);
  EXPECT_EQ(running->client.heard[1], updated("x://1"));
  running->client.listening = false;
  say(*a, "x://1");
  loop_.run();
}

TEST_F(Subscription, WatchesEachResourceAtItsOwner) {  // P064, P065, P066
  auto const a = add("a", kResources),
             b = add("b", {{ListKind::resources, {R"({"uri":"y://1","name":"y"})"}}}),
             deaf = add("deaf", {{ListKind::resources, {R"({"uri":"z://1","name":"z"})"}}});
  deaf->identity.capabilities = R"({"resources":{}})";
  start();
  auto const running =
      send("subscriptions/listen",
           watching({R"("y://1")", R"("x://1")", R"("z://1")", R"("nobody://")", R"("x://1")"}));
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0], acknowledged(R"(["x://1","y://1"])"));
  EXPECT_EQ(watches_.inside(), 2U);
  ASSERT_EQ(a->listening.size(), 1U);
  EXPECT_EQ(a->listening[0]->request.raw(mcp::Field::notifications),
            R"({"resourceSubscriptions":["x://1"]})");
  EXPECT_EQ(b->listening.size(), 1U);
  EXPECT_TRUE(deaf->listening.empty());
  say(*b, "y://1");
  loop_.run();
  ASSERT_EQ(running->client.heard.size(), 2U);
  EXPECT_EQ(running->client.heard[1], updated("y://1"));
  running->client.listening = false;
  say(*a, "x://1");
  loop_.run();
  EXPECT_TRUE(running->answer);
  EXPECT_TRUE(a->listening.empty() && b->listening.empty());
  EXPECT_EQ(watches_.inside(), 0U);
}

TEST_F(Subscription, AResourceThatChangesHandsCountsAsChanged) {  // P071
  auto const a = add("a", kResources), b = add("b", {});
  start();
  auto const running = send("subscriptions/listen", watching({R"("x://1")", R"("x://2")"}));
  a->lists[ListKind::resources].pop_back();
  b->lists[ListKind::resources] = {R"({"uri":"x://2","name":"2"})"};
  for (auto const& one : {a, b}) catalogs_.list_changed(one->name(), mcp::Method::resources_list);
  loop_.advance(1s);
  ASSERT_EQ(b->listening.size(), 1U);
  EXPECT_EQ(a->listening.size(), 1U);
  auto const& heard = running->client.heard;
  EXPECT_EQ(std::count(heard.begin(), heard.end(), updated("x://2")), 1);
}

TEST_F(Subscription, OnlyNamedResourcesWaitForServersThatAreStarting) {
  auto const slow = add("slow", kResources);
  slow->delay = 100ms;
  start();
  auto const lists = send("subscriptions/listen", kListen);
  EXPECT_EQ(lists->client.heard.size(), 1U);
  auto const running = send("subscriptions/listen", watching({R"("x://1")"}));
  EXPECT_TRUE(running->client.heard.empty());
  loop_.advance(1s);
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0], acknowledged(R"(["x://1"])"));
  EXPECT_EQ(slow->listening.size(), 1U);
}

TEST_F(Subscription, AServerThatTakesLongToStartKeepsItsWatchers) {
  auto const slow = add("slow", kResources);
  slow->delay = 9s;
  add("quick", {{ListKind::resources, {R"({"uri":"y://1","name":"1"})"}}});
  start();
  auto const owned = send("subscriptions/listen", watching({R"("y://1")"}));
  EXPECT_EQ(owned->client.heard.size(), 1U);  // what is owned does not wait
  auto const running = send("subscriptions/listen", watching({R"("x://1")"}));
  loop_.advance(8s);
  EXPECT_TRUE(running->client.heard.empty());
  slow->delay = 0s;
  loop_.advance(2s);
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0], acknowledged(R"(["x://1"])"));
}

TEST_F(Subscription, WhatIsWatchedAfterTheAcknowledgementCountsAsChanged) {  // P071
  auto const slow = add("slow", kResources);
  start();
  auto const heard = [&](base::Duration attach_after) {
    slow->attach_after = attach_after;
    auto const running = send("subscriptions/listen", watching({R"("x://1")"}));
    loop_.advance(248ms);
    EXPECT_TRUE(running->client.heard.empty());
    loop_.advance(2ms);
    EXPECT_EQ(running->client.heard.size(), 1U);
    loop_.advance(1s);
    return running->client.heard;
  };
  EXPECT_EQ(heard(249ms), std::vector{acknowledged(R"(["x://1"])")});
  EXPECT_EQ(heard(251ms), (std::vector{acknowledged(R"(["x://1"])"), updated("x://1")}));
}

TEST_F(Subscription, ServersAreAskedForTheirOwnUrisAndClientsToldTheirs) {
  auto const a = add("a", kResources), b = add("b", kResources);
  start();
  auto const running =
      send("subscriptions/listen", watching({R"("x://a/1")", R"("x://1")", R"("x://b/1")", R"("x://b/2")"}));
  ASSERT_EQ(running->client.heard.size(), 1U);
  EXPECT_EQ(running->client.heard[0], acknowledged(R"(["x://a/1","x://b/1","x://b/2"])"));
  ASSERT_TRUE(a->listening.size() == 1 && b->listening.size() == 1);
  EXPECT_EQ(a->listening[0]->request.raw(mcp::Field::notifications),
            R"({"resourceSubscriptions":["x://1"]})");
  EXPECT_EQ(b->listening[0]->request.raw(mcp::Field::notifications),
            R"({"resourceSubscriptions":["x://1","x://2"]})");
  say(*b, "x://1");
  loop_.run();
  ASSERT_EQ(running->client.heard.size(), 2U);
  EXPECT_EQ(running->client.heard[1], updated("x://b/1"));
  auto const alone = send("subscriptions/listen", watching({R"("x://1")"}), "a");
  say(*a, "x://1");
  loop_.run();
  ASSERT_EQ(alone->client.heard.size(), 2U);
  EXPECT_EQ(alone->client.heard[1], updated("x://1"));
  EXPECT_EQ(running->client.heard.back(), updated("x://a/1"));
}

TEST_F(Subscription, AServerIsAskedForItsUriAsItIsThoughItBeginsWithAName) {
  auto lists = kResources;
  lists[ListKind::templates] = {R"({"uriTemplate":"y://a/{id}","name":"n"})"};
  auto const a = add("a", kResources), b = add("b", lists);
  start();
  auto const running = send("subscriptions/listen", watching({R"("y://a/7")"}));
  EXPECT_TRUE(a->listening.empty());
  ASSERT_EQ(b->listening.size(), 1U);
  EXPECT_EQ(b->listening[0]->request.raw(mcp::Field::notifications),
            R"({"resourceSubscriptions":["y://a/7"]})");
}

TEST_F(Subscription, OneCallerHasAShareOfSubscriptionsAndOfWhatTheyWatch) {
  add("s", {{ListKind::templates, {R"({"uriTemplate":"x://{n}","name":"n"})"}}});
  start();
  base::Gate listens(4, 2, 1), watches(4, 2, 1);
  Subscriptions subscriptions(loop_, feed_, listens, watches, {});
  core::Principal const ann{"key:ann", "key", {}}, bob{"key:bob", "key", {}};
  auto const request = [&](core::Principal const& who, std::string const& params) {
    auto message =
        mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":"subscriptions/listen","params":)" + params + '}');
    auto made = std::make_unique<Running>(std::move(*message), mcp::kNewest);
    made->call.principal = &who;
    return made;
  };
  auto const refusal = [](auto& work) {
    auto const answer = work.take();
    std::string scratch;
    EXPECT_EQ(answer->message.integer(mcp::Field::error_code), -32603);
    return std::string(answer->message.text(mcp::Field::error_message, scratch));
  };
  auto const lists = request(ann, kListen), more = request(ann, kListen), other = request(bob, kListen);
  {
    auto first = subscriptions.serve(lists->call), second = subscriptions.serve(lists->call);
    first.start();
    second.start();
    auto third = subscriptions.serve(more->call), of_bob = subscriptions.serve(other->call);
    third.start();
    of_bob.start();
    loop_.run();
    ASSERT_TRUE(third.done());
    EXPECT_EQ(refusal(third), "Too many subscriptions");
    EXPECT_TRUE(more->client.heard.empty()) << "before the acknowledgement";
    EXPECT_FALSE(first.done() || second.done() || of_bob.done());
    EXPECT_EQ(other->client.heard.size(), 1U);
  }
  EXPECT_EQ(listens.inside(), 0U);
  auto const three = request(ann, watching({R"("x://1")", R"("x://2")", R"("x://3")"}));
  auto const two = request(ann, watching({R"("x://1")", R"("x://2")"}));
  auto const of_bob = request(bob, watching({R"("x://1")", R"("x://2")"}));
  auto over = subscriptions.serve(three->call), fits = subscriptions.serve(two->call),
       others = subscriptions.serve(of_bob->call);
  over.start();
  ASSERT_TRUE(over.done());
  EXPECT_EQ(refusal(over), "Too many resources are watched");
  EXPECT_TRUE(three->client.heard.empty());
  fits.start();
  others.start();
  EXPECT_FALSE(fits.done() || others.done());
  EXPECT_EQ(watches.inside(), 4U);
}

TEST_F(Subscription, ResourcesOfOneAndOfAllAreBounded) {
  auto const a = add("a", {{ListKind::templates, {R"({"uriTemplate":"x://{n}","name":"n"})"}}});
  start();
  auto const five = watching({R"("x://1")", R"("x://2")", R"("x://3")", R"("x://4")", R"("x://5")"});
  auto const four = watching({R"("x://1")", R"("x://2")", R"("x://3")", R"("x://4")"});
  {
    auto const running = send("subscriptions/listen", five);
    ASSERT_TRUE(running->answer && *running->answer);
    EXPECT_EQ((*running->answer)->message.integer(mcp::Field::error_code), -32603);
    EXPECT_TRUE(running->client.heard.empty());
    EXPECT_EQ(watches_.inside(), 0U);
  }
  auto const fits = send("subscriptions/listen", four);
  EXPECT_FALSE(fits->answer);
  SubscriptionOptions options;
  options.uris_max = 4;
  watches_.set_most(100);
  Subscriptions small(loop_, feed_, listens_, watches_, options);
  for (auto const& [params, ends] : {std::pair(four, false), std::pair(five, true)}) {
    auto message =
        mcp::decode(R"({"jsonrpc":"2.0","id":"q1","method":"subscriptions/listen","params":)" + params + '}');
    Running one(std::move(*message), mcp::kNewest);
    auto work = small.serve(one.call);
    work.start();
    EXPECT_EQ(work.done(), ends);
  }
}

struct FakeTenure final : core::Tenure {
  FakeTenure(base::Scheduler& s, base::TimePoint end) : loop(s), ends(end), news(s) {}
  bool over() override { return withdrawn || loop.now() >= ends; }
  base::TimePoint until() const override { return ends; }
  base::Event& changed() noexcept override { return news; }
  base::Scheduler& loop;
  base::TimePoint ends;
  base::Event news;
  bool withdrawn = false;
};

// F-11: the update that comes after is for somebody who could not ask for it any more.
TEST_F(Subscription, EndsWithWhatItsCallerWasAdmittedWith) {
  auto const server = add("s", kTools);
  start();
  for (bool const withdrawn : {false, true}) {
    FakeTenure tenure(loop_, loop_.now() + 10s);
    auto const running = listen(tenure);
    ASSERT_EQ(running->client.heard.size(), 1U);
    loop_.advance(9s);
    EXPECT_FALSE(running->answer);
    if (withdrawn) {
      tenure.withdrawn = true;
      tenure.news.set();
      tenure.news.reset();
      loop_.advance(0s);
    } else {
      loop_.advance(1s);
    }
    ASSERT_TRUE(running->answer && *running->answer);
    EXPECT_TRUE(bytes_of(**running->answer).find(R"("resultType":"complete")") != std::string::npos);
    server->lists[ListKind::tools].push_back(tool(withdrawn ? "late" : "new"));
    catalogs_.list_changed("s", mcp::Method::tools_list);
    loop_.advance(1s);
    EXPECT_EQ(running->client.heard.size(), 1U);
  }
}

}  // namespace
}  // namespace weir::router
