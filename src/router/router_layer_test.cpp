#include "router/list_writer.hpp"
#include "router/routed_test.hpp"
#include "router/suggestion.hpp"

namespace weir::router {
namespace {

class Router : public Routed {};

TEST_F(Router, SendsACallToTheOwnerUnderItsOwnName) {
  auto const a = add("a", kTools), b = add("b", kTools);
  start();
  auto const running = send("tools/call", R"({"name":"b__put","arguments":{}})");
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(b->calls, std::vector<std::string>{"tools/call put"});
  EXPECT_TRUE(a->calls.empty());
  EXPECT_EQ(running->call.facts.server, "b");
  EXPECT_EQ(running->call.facts.tool, "put");
  EXPECT_EQ(text("tools/call", R"({"name":"get"})", "a"), R"("result":{"from":"a"})");
}

TEST_F(Router, HeadersThatMirrorArgumentsMustSayTheSame) {  // P034
  auto const a = add("a", {{ListKind::tools,
                            {R"({"name":"t","inputSchema":{"type":"object","properties":)"
                             R"({"n":{"type":"integer","x-mcp-header":"Size"}}}})"}}});
  start();
  auto const request =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a__t","arguments":{"n":42}}})";
  auto const answer = [&](std::vector<std::pair<std::string, std::string>> headers, bool http) {
    Running one(std::move(*mcp::decode(request)), mcp::kNewest);
    one.call.http = http;
    one.call.param_headers = std::move(headers);
    group_.spawn(serve(one));
    loop_.run();
    EXPECT_NE(one.call.mirrored, nullptr);
    return (*one.answer)->message.integer(mcp::Field::error_code);
  };
  EXPECT_FALSE(answer({{"size", "42.0"}}, true));
  EXPECT_EQ(answer({{"Size", "43"}}, true), -32020);
  EXPECT_EQ(answer({}, true), -32020);
  EXPECT_FALSE(answer({}, false));
  EXPECT_EQ(a->calls.size(), 2U);
}

// Not "unknown": nobody can know.
TEST_F(Router, AToolOfAServerWhoseListCannotBeReadIsNotUnknown) {
  class Silent final : public FakeServer {
   public:
    using FakeServer::FakeServer;
    base::Task<base::Result<mcp::Message>> ask(mcp::Method, std::string) override {
      co_return base::Error(base::Fault::config, base::Blame::gateway, "invalid_client");
    }
  };
  servers_.push_back(std::make_shared<Silent>(loop_, "web"));
  set_servers(feed_, catalogs_, servers_);
  loop_.advance(1s);
  auto const running = send("tools/call", R"({"name":"web__whoami"})");
  ASSERT_TRUE(running->answer && !*running->answer);
  EXPECT_EQ(running->answer->error().fault, base::Fault::unavailable);
  EXPECT_EQ(running->answer->error().server, "web");
  catalogs_.stop();
}

TEST_F(Router, AServerThatIsSetAsideIsThereAndSaysWhatToDo) {
  auto const a = add("a", kTools);
  feed_.set_entries({{0, a}});
  catalogs_.set_servers({spec_of(a, 0)}, {{"bad", true, "tls.ca: no such file"}, {"own", false, "x"}});
  loop_.run();
  for (auto const& [name, endpoint] :
       {std::pair{"bad__t", ""}, std::pair{"t", "bad"}, std::pair{"t", "own"}}) {
    auto const running = send("tools/call", R"({"name":")" + std::string(name) + "\"}", endpoint);
    ASSERT_TRUE(running->answer && !*running->answer) << name;
    auto const& error = running->answer->error();
    EXPECT_EQ(error.fault, base::Fault::unavailable);
    EXPECT_EQ(error.blame, base::Blame::gateway);
    EXPECT_NE(error.hint.find("set aside"), std::string::npos);
  }
  EXPECT_NE(text("tools/call", R"({"name":"own__t"})").find("Unknown tool"), std::string::npos);
  auto const listed = text("tools/list");
  EXPECT_NE(listed.find("a__get"), std::string::npos);
  EXPECT_EQ(listed.find("bad"), std::string::npos);
  catalogs_.set_servers({spec_of(a, 0)});
  EXPECT_NE(text("tools/call", R"({"name":"bad__t"})").find("Unknown tool"), std::string::npos);
}

TEST_F(Router, AnUnknownToolIsAProtocolErrorWithAHint) {  // P079
  add("github", kTools);
  start();
  EXPECT_EQ(text("tools/call", R"({"name":"github__pot"})"),
            R"("error":{"code":-32602,"message":"Unknown tool: github__pot","data":{"source":"gateway",)"
            R"("reason":"unknown_tool","hint":"Did you mean \"github__put\"?"}})");
  EXPECT_EQ(text("prompts/get", R"({"name":"x"})"),
            R"("error":{"code":-32602,"message":"Unknown prompt: x","data":{"source":"gateway",)"
            R"("reason":"unknown_prompt"}})");
  EXPECT_EQ(text("tools/call", R"({"name":7})"),
            R"("error":{"code":-32602,"message":"The name must be a string"})");
  std::string long_name;
  for (int i = 0; i < 300; ++i) long_name += "é";
  EXPECT_NE(text("tools/call", R"({"name":")" + long_name + "\"}").find(long_name.substr(0, 200) + "\""),
            std::string::npos);
}

TEST_F(Router, RoutesPromptsResourcesAndCompletions) {
  auto const a = add("a", {{ListKind::prompts, {R"({"name":"p"})"}},
                           {ListKind::resources, {R"({"uri":"x://1","name":"n"})"}},
                           {ListKind::templates, {R"({"uriTemplate":"y://{v}","name":"n"})"}}});
  add("b", {{ListKind::resources, {R"({"uri":"x://2","name":"n"})"}}});
  start();
  text("prompts/get", R"({"name":"a__p"})");
  text("resources/read", R"({"uri":"x://1"})");
  text("resources/read", R"({"uri":"y://7"})");
  text("completion/complete", R"({"ref":{"type":"ref/prompt","name":"a__p"},"argument":{}})");  // P081
  text("completion/complete", R"({"ref":{"type":"ref/resource","uri":"y://{v}"},"argument":{}})");
  EXPECT_EQ(a->calls,
            (std::vector<std::string>{"prompts/get p", "resources/read x://1", "resources/read y://7",
                                      "completion/complete p", "completion/complete y://{v}"}));
  EXPECT_EQ(text("resources/read", R"({"uri":"x://2"})"), R"("result":{"from":"b"})");
  EXPECT_EQ(text("completion/complete", R"({"ref":{"type":"ref/x"}})").substr(0, 23),
            R"("error":{"code":-32602,)");
}

TEST_F(Router, AnUnknownResourceHasTheCodeOfItsEra) {  // P080
  for (char const* name : {"a", "b"}) add(name, {});
  for (char const* name : {"c", "d"}) add(name, {}, false);
  start();
  EXPECT_EQ(text("resources/read", R"({"uri":"q://\"1"})"),
            R"("error":{"code":-32602,"message":"Resource not found","data":{"uri":"q://\"1"}})");
  EXPECT_EQ(text("resources/read", R"({"uri":"q://"})", "", false),
            R"("error":{"code":-32002,"message":"Resource not found","data":{"uri":"q://"}})");
}

TEST_F(Router, WhatTheOwnerCannotDoIsMethodNotFound) {
  auto const a = add(
      "a",
      {{ListKind::prompts, {R"({"name":"p"})"}}, {ListKind::resources, {R"({"uri":"x://1","name":"n"})"}}},
      false);
  a->identity.capabilities = R"({"prompts":{},"resources":{}})";
  start();
  for (auto const& [method, params] : std::vector<std::pair<std::string, std::string>>{
           {"completion/complete", R"({"ref":{"type":"ref/prompt","name":"a__p"}})"},
           {"resources/subscribe", R"({"uri":"x://1"})"},
           {"resources/unsubscribe", R"({"uri":"x://1"})"},
           {"logging/setLevel", R"({"level":"info"})"},
           {"tasks/get", R"({"taskId":"1"})"}}) {
    EXPECT_EQ(text(method, params, "", false).substr(0, 23), R"("error":{"code":-32601,)") << method;
  }
  EXPECT_TRUE(a->calls.empty());
  a->identity.revision = mcp::Revision::r2024_11_05;  // completion had no capability yet
  a->state.state = core::ServerState::failed;
  catalogs_.state_changed("a");
  loop_.advance(1s);
  EXPECT_EQ(text("completion/complete", R"({"ref":{"type":"ref/prompt","name":"a__p"}})", "", false),
            R"("result":{"from":"a"})");
}

TEST_F(Router, OneServersEndpointTakesWhateverThatServerMayKnow) {
  auto const a = add("a", kTools);
  start();
  EXPECT_EQ(text("x/y", R"({"z":"1"})", "a"), R"("result":{"from":"a"})");
  EXPECT_EQ(text("tools/list", "{}", "nobody"), "not_found");
}

TEST_F(Router, AnswersPingItself) { EXPECT_EQ(text("ping", "{}", "", false), R"("result":{})"); }  // P087

TEST_F(Router, DescribesItself) {
  auto const a = add("a", kTools);
  a->identity.instructions = "Use \"a\".";
  a->identity.capabilities = R"({"tools":{}})";
  start();
  EXPECT_EQ(
      text("server/discover"),
      R"("result":{"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18",)"
      R"("2025-03-26","2024-11-05"],"capabilities":{"tools":{"listChanged":true}},)"
      R"("instructions":"# a\nUse \"a\".","ttlMs":0,"cacheScope":"private",)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"weir","version":"0"}}})");
  for (auto const& [asked, chosen] :
       std::map<std::string, std::string>{{"2025-06-18", "2025-06-18"},
                                          {"2026-07-28", "2025-11-25"},
                                          {"1999-01-01", "2025-11-25"}}) {  // P008
    auto const running = send("initialize", R"({"protocolVersion":")" + asked + "\"}", "", false);
    ASSERT_TRUE(running->answer && *running->answer);
    EXPECT_EQ(
        (*running->answer)->message.raw(mcp::Field::result),
        R"({"protocolVersion":")" + chosen +
            R"(","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"weir","version":"0"},)"
            R"("instructions":"# a\nUse \"a\"."})");
    EXPECT_EQ(mcp::text_of(running->call.revision), chosen);
  }
}

TEST_F(Router, WalksTenThousandToolsAcrossPages) {
  auto const server = add("s", {});
  for (int i = 0; i < 10'000; ++i) server->lists[ListKind::tools].push_back(tool("t" + std::to_string(i)));
  server->page_elements = 1000;
  start();
  std::vector<std::string> seen;
  std::string params = R"({"cursor":""})";  // P076
  do {
    auto const running = send("tools/list", params);
    ASSERT_TRUE(running->answer && *running->answer);
    auto const page = mcp::decode(bytes_of(**running->answer), {.json = {.nodes_max = 1'000'000}});
    ASSERT_TRUE(page.has_value());
    ItemList part(ListKind::tools, {});
    auto const next = part.add(result_message(std::string(page->raw(mcp::Field::result))), {});
    for (auto const& item : part.items()) seen.push_back(item.key);
    params = next->has_value() ? R"({"cursor":)" + **next + '}' : "";
  } while (!params.empty());
  ASSERT_EQ(seen.size(), 10'000U);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], "s__t" + std::to_string(i));
}

TEST_F(Router, ACursorDiesWithTheListItWalks) {  // P077
  auto const server = add("s", {});
  for (int i = 0; i < 600; ++i) server->lists[ListKind::tools].push_back(tool("t" + std::to_string(i)));
  server->page_elements = 1000;
  start();
  auto const first = send("tools/list");
  auto const cursor =
      R"({"cursor":)" + std::string((*first->answer)->message.raw(mcp::Field::next_cursor)) + '}';
  EXPECT_EQ(text("tools/list", cursor).substr(0, 9), R"("result":)");
  EXPECT_EQ(text("tools/list", cursor, "s").substr(0, 23), R"("error":{"code":-32602,)");
  EXPECT_EQ(text("prompts/list", cursor).substr(0, 23), R"("error":{"code":-32602,)");
  EXPECT_EQ(text("tools/list", R"({"cursor":7})").substr(0, 23), R"("error":{"code":-32602,)");
  principal_.id = "key:dev";
  EXPECT_EQ(text("tools/list", cursor).substr(0, 23), R"("error":{"code":-32602,)");  // P078
  principal_.id = "key:ci";
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1s);
  EXPECT_EQ(text("tools/list", cursor).substr(0, 9), R"("result":)");  // asked again, nothing new
  server->lists[ListKind::tools].push_back(tool("one_more"));
  catalogs_.list_changed("s", mcp::Method::tools_list);
  loop_.advance(1s);
  EXPECT_EQ(text("tools/list", cursor).substr(0, 23), R"("error":{"code":-32602,)");
}

TEST_F(Router, TheFirstListWaitsAMomentForServersThatAreStarting) {
  add("quick", kTools);
  auto const slow = add("slow", kTools);
  slow->delay = 500ms;
  slow->identity.capabilities = R"({"tools":{}})";
  add("dead", kTools)->dead = true;
  start();
  auto const running = send("tools/list", "{}");
  EXPECT_FALSE(running->answer);
  loop_.advance(1s);
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_NE(bytes_of(**running->answer).find("slow__put"), std::string::npos);
}

TEST_F(Router, ASlowServerDelaysTheFirstListNoLongerThanTheLimit) {
  add("quick", kTools);
  add("slow", kTools)->delay = 50s;
  start();
  auto const running = send("tools/list", "{}");
  loop_.advance(2999ms);
  EXPECT_FALSE(running->answer);
  loop_.advance(1ms);
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_NE(bytes_of(**running->answer).find("quick__put"), std::string::npos);
  EXPECT_TRUE(send("tools/list", "{}")->answer);  // and never again
}

TEST_F(Router, ACallWaitsForItsServerToStart) {
  auto const slow = add("slow", kTools);
  slow->delay = 10s;
  slow->identity.capabilities = R"({"tools":{}})";
  start();
  auto const running = send("tools/call", R"({"name":"slow__get"})");
  auto const alone = send("tools/call", R"({"name":"get"})", "slow");
  EXPECT_EQ(text("tools/call", R"({"name":"other__get"})").substr(0, 23), R"("error":{"code":-32602,)");
  loop_.advance(20s);
  slow->delay = 0s;
  loop_.advance(11s);
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(slow->calls.size(), 2U);
  EXPECT_TRUE(alone->answer && *alone->answer);
}

TEST_F(Router, ACallToAServerThatDoesNotComeSaysStarting) {
  add("slow", kTools)->delay = 55s;
  start();
  auto const running = send("tools/call", R"({"name":"slow__get"})");
  auto const alone = send("tools/list", "{}", "slow");
  loop_.advance(29999ms);
  EXPECT_FALSE(running->answer);
  EXPECT_FALSE(alone->answer);
  loop_.advance(1ms);
  ASSERT_TRUE(running->answer && alone->answer);
  for (auto const* one : {&*running->answer, &*alone->answer}) {
    ASSERT_FALSE(one->has_value());
    EXPECT_EQ(one->error().fault, base::Fault::starting);
    EXPECT_EQ(one->error().server, "slow");
  }
}

TEST_F(Router, AResourceThatNobodyOwnsYetMayBeOfAServerThatIsStarting) {
  auto const quick = add("quick", {{ListKind::resources, {R"({"uri":"x://quick","name":"q"})"}}});
  auto const slow = add("slow", {{ListKind::resources, {R"({"uri":"x://slow","name":"s"})"}}});
  slow->delay = 8s;
  slow->identity.capabilities = R"({"resources":{}})";
  start();
  auto const running = send("resources/read", R"({"uri":"x://slow"})");
  auto const nowhere = send("resources/read", R"({"uri":"x://none"})");
  EXPECT_TRUE(send("resources/read", R"({"uri":"x://quick"})")->answer);
  EXPECT_FALSE(running->answer);
  loop_.advance(33s);
  ASSERT_TRUE(running->answer && *running->answer && nowhere->answer && *nowhere->answer);
  EXPECT_EQ(slow->calls.size(), 1U);
  EXPECT_EQ(quick->calls, std::vector<std::string>{"resources/read x://quick"})
      << "the only one with resources";
  EXPECT_NE(bytes_of(**nowhere->answer).find("Resource not found"), std::string::npos);
  EXPECT_EQ(text("resources/read", R"({"uri":"x://none"})").substr(0, 23), R"("error":{"code":-32602,)");
}

TEST_F(Router, AResourceOfAServerThatDoesNotComeIsNotSaidToBeMissing) {
  auto const quick = add("quick", kTools);
  add("slow", {})->delay = 50s;
  start();
  auto const running = send("resources/read", R"({"uri":"x://slow"})");
  loop_.advance(29999ms);
  EXPECT_FALSE(running->answer);
  loop_.advance(1ms);
  ASSERT_TRUE(running->answer && !running->answer->has_value());
  EXPECT_EQ(running->answer->error().fault, base::Fault::starting);
  EXPECT_EQ(running->answer->error().server, "slow");
  loop_.advance(1ms);  // it has had its time: nothing waits for it any more
  EXPECT_EQ(text("resources/read", R"({"uri":"x://slow"})"), R"("result":{"from":"quick"})");
  EXPECT_EQ(quick->calls.size(), 1U) << "as long as it was a guess, it was not asked";
}

TEST_F(Router, ACallToAServerThatFailedSaysSoAtOnce) {
  auto const dead = add("dead", kTools);
  dead->dead = true;
  dead->state.cause = "exit 1: no such module";
  start();
  auto const running = send("tools/call", R"({"name":"dead__get"})");
  ASSERT_TRUE(running->answer && !*running->answer);
  EXPECT_EQ(running->answer->error().fault, base::Fault::unavailable);
  EXPECT_EQ(running->answer->error().blame, base::Blame::upstream);
  EXPECT_EQ(running->answer->error().detail, "exit 1: no such module");
  EXPECT_EQ(text("tools/list", "{}", "dead"), "unavailable");
  EXPECT_EQ(text("tools/list").substr(0, 9), R"("result":)");  // the aggregate goes on without it
}

TEST_F(Router, WhatStandsInForAServerThatNeverCameUpIsAsked_R096) {
  auto const dead = add("dead", kTools);
  dead->dead = dead->stands_in = true;
  auto spec = spec_of(dead, 0);
  spec.rules.hide = {"secret*"};
  spec.rules.rename = {{"get", "fetch"}};
  feed_.set_entries({{0, dead}});
  catalogs_.set_servers({std::move(spec)});
  loop_.run();
  constexpr char kAnswer[] = R"("result":{"from":"dead"})";
  EXPECT_EQ(text("tools/call", R"({"name":"dead__put"})"), kAnswer);
  EXPECT_EQ(text("tools/call", R"({"name":"fetch"})", "dead"), kAnswer);
  EXPECT_EQ(text("prompts/get", R"({"name":"dead__greet"})", {}, false), kAnswer);
  EXPECT_EQ(text("resources/read", R"({"uri":"x://a"})", "dead"), kAnswer);
  EXPECT_EQ(dead->calls, (std::vector<std::string>{"tools/call put", "tools/call get", "prompts/get greet",
                                                   "resources/read x://a"}));
  for (auto const* const kept : {"secret_key", "get", ""}) {
    auto const params = R"({"name":"dead__)" + std::string(kept) + "\"}";
    EXPECT_EQ(text("tools/call", params), "unavailable") << kept;
  }
  EXPECT_EQ(text("tools/list", "{}", "dead"), "unavailable");
  EXPECT_EQ(dead->calls.size(), 4U);
}

TEST_F(Router, WhatSomebodyHasToDoForAServerIsToldToWhoCallsIt) {
  auto const closed = add("closed", kTools);
  closed->dead = true;
  closed->state.cause = "needs sign-in";
  closed->state.cure = "Somebody has to sign in: `weir server login closed`.";
  start();
  auto const running = send("tools/call", R"({"name":"closed__get"})");
  auto const alone = send("tools/call", R"({"name":"get"})", "closed");
  ASSERT_TRUE(running->answer && alone->answer);
  for (auto const* one : {&*running->answer, &*alone->answer}) {
    ASSERT_FALSE(one->has_value());
    EXPECT_EQ(one->error().fault, base::Fault::unavailable);
    EXPECT_EQ(one->error().blame, base::Blame::gateway) << "the server has done nothing wrong";
    EXPECT_EQ(one->error().hint, closed->state.cure);
  }
}

TEST_F(Router, AClientOfEitherEraReachesAServerOfEitherEra) {
  add("old", kTools, false);
  add("new", kTools, true);
  start();
  for (bool const modern : {true, false}) {
    EXPECT_EQ(text("tools/call", R"({"name":"old__get"})", "", modern), R"("result":{"from":"old"})");
    EXPECT_EQ(text("tools/call", R"({"name":"get"})", "new", modern), R"("result":{"from":"new"})");
  }
}

TEST_F(Router, AMethodThatTheServersEraDoesNotKnowStopsHere) {
  auto const old = add("old", {}, false), fresh = add("new", {}, true);
  old->identity.capabilities = fresh->identity.capabilities = kAllCapabilities;
  start();
  EXPECT_EQ(text("resources/directory/read", R"({"uri":"x://1"})", "old").substr(0, 23),
            R"("error":{"code":-32601,)");
  EXPECT_EQ(text("tasks/result", "{}", "new", false).substr(0, 23), R"("error":{"code":-32601,)");
  EXPECT_TRUE(old->calls.empty() && fresh->calls.empty());
}

TEST_F(Router, ALogLevelIsKeptForModernServersAndNotToldThem) {  // P072
  auto const fresh = add("new", {}, true), old = add("old", {}, false);
  start();
  auto session = std::make_shared<core::ClientSession const>();
  auto const running = send("logging/setLevel", R"({"level":"warning"})", "", false, session);
  EXPECT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(session->log_level(), "warning");
  EXPECT_TRUE(fresh->calls.empty());
  EXPECT_EQ(old->calls.size(), 1U);
}

TEST_F(Router, LogLevelsGoToEightServersAtATimeAndSlowOnesHarmNobody) {
  auto const quiet = add("quiet", {}, false);
  std::vector<std::shared_ptr<FakeServer>> slow;
  for (int i = 0; i < 8; ++i) slow.push_back(add("s" + std::to_string(i), {}, false));
  auto const last = add("last", {}, false);
  quiet->identity.capabilities = R"({"tools":{}})";
  start();
  for (auto const& server : slow) server->delay = 1h;
  auto const running = send("logging/setLevel", R"({"level":"warning"})", "", false);
  EXPECT_TRUE(slow.back()->calls.size() == 1U && last->calls.empty());
  loop_.advance(2s);
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(bytes_of(**running->answer), R"({"jsonrpc":"2.0","id":0,"result":{}})");
  EXPECT_EQ(last->calls.size(), 1U);
  EXPECT_TRUE(quiet->calls.empty());
  EXPECT_EQ(text("logging/setLevel", R"({"level":"loud"})", "", false).substr(0, 23),
            R"("error":{"code":-32602,)");
}

TEST_F(Router, ACallInFlightOutlivesTheServersRemoval) {
  auto const server = add("s", kTools);
  start();
  server->delay = 1s;
  auto const running = send("tools/call", R"({"name":"s__get"})");
  std::weak_ptr<FakeServer> const watched = server;
  servers_.clear();
  const_cast<std::shared_ptr<FakeServer>&>(server).reset();
  set_servers(feed_, catalogs_, {});
  loop_.advance(500ms);
  EXPECT_FALSE(watched.expired());
  loop_.advance(1s);
  ASSERT_TRUE(running->answer && *running->answer);
  EXPECT_EQ(running->call.facts.server, "s");
  EXPECT_FALSE(watched.expired());  // what the call says of its server stays valid
  running->call.catalog.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace weir::router
