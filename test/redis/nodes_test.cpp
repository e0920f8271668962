// Several nodes over a real Redis, and a Redis that is killed, paused, emptied or lies while they run.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdlib>

#include "redis/redis_node.hpp"

namespace weir::test {
namespace {

using namespace std::chrono_literals;
using store::Selection;

double ms_of(base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

struct RedisNodes : testing::Test {
  RedisProcess redis;
  void SetUp() override {
    if (!RedisProcess::installed()) GTEST_SKIP() << "redis-server is not installed (Debian: redis-server)";
    redis.start();
  }
  static void keep(RedisNode& node, store::StoreKey const& key, std::string bytes = "x") {
    auto const before = node.store().status().writes;
    node.store().put(key, answer_of(std::move(bytes), node.store().sequence()));
    ASSERT_TRUE(RedisNode::until([&] { return node.store().status().writes == before + 1; }))
        << node.store().status().cause;
  }
  static bool heard(RedisNode const& node, std::string_view text) {
    auto const all = node.heard();
    return std::find(all.begin(), all.end(), text) != all.end();
  }
};

TEST_F(RedisNodes, HearOfInvalidationsFromOneAnotherSoon) {  // R-079, T-25
  RedisNode a(RedisNode::options(redis)), b(RedisNode::options(redis));
  ASSERT_TRUE(a.ready() && b.ready());
  std::vector<double> took;
  for (int i = 0; i < 50; ++i) {
    Selection const what{"server-" + std::to_string(i), "t*", "", ""};
    auto const began = std::chrono::steady_clock::now();
    a.store().invalidate(what, i % 2 == 0);
    ASSERT_TRUE(RedisNode::until([&] { return heard(b, what.text() + (i % 2 == 0 ? " gone" : "")); }));
    took.push_back(ms_of(std::chrono::steady_clock::now() - began));
  }
  std::sort(took.begin(), took.end());
  std::printf("node to node: median %.2f ms, slowest %.2f ms\n", took[25], took.back());
  EXPECT_LE(took[25], 100.0);
  for (auto const& text : a.heard()) EXPECT_FALSE(text.starts_with("server-"));  // not of what it said itself
}

TEST_F(RedisNodes, NeverServeAsCurrentWhatOneOfThemInvalidated) {
  RedisNode a(RedisNode::options(redis)), b(RedisNode::options(redis));
  ASSERT_TRUE(a.ready() && b.ready());
  auto const key = key_of("s", "resources/read", 1, "file:///x");
  keep(a, key);
  ASSERT_TRUE(b.get(key));
  a.store().invalidate({"", "", "file:///other", ""}, false);
  EXPECT_FALSE(a.get(key) && a.get(key)->outdated);
  auto const born = a.store().sequence();
  a.store().invalidate({"s", "", "file:///x", ""}, false);
  auto const own = a.get(key);
  EXPECT_FALSE(own && !own->outdated);  // at once, before Redis has heard
  ASSERT_TRUE(RedisNode::until([&] { return heard(b, "s||file%3A///x|"); }));
  auto const found = b.get(key);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->outdated);

  auto old = answer_of("fetched before", born);  // and put away after: F-35
  b.store().put(key, old);
  ASSERT_TRUE(b.written(1));
  ASSERT_TRUE(RedisNode::until([&] { return a.get(key).has_value(); }));
  EXPECT_TRUE(a.get(key)->outdated);
  keep(b, key, "new");
  EXPECT_FALSE(a.get(key)->outdated);
  a.store().invalidate({"s", "", "", ""}, true);
  EXPECT_FALSE(a.get(key));
  EXPECT_TRUE(RedisNode::until([&] { return heard(b, "s||| gone"); }));
  EXPECT_FALSE(b.get(key));

  RedisNode later(RedisNode::options(redis));  // learns what was said before it came
  ASSERT_TRUE(later.ready());
  EXPECT_FALSE(later.get(key));
}

TEST_F(RedisNodes, KeepTheirListOfMarksShort) {
  RedisNode a(RedisNode::options(redis)), b(RedisNode::options(redis));
  ASSERT_TRUE(a.ready() && b.ready());
  auto const key = key_of("kept", "t", 1);
  keep(a, key);
  auto const first = a.store().sequence();
  std::uint64_t most = 0;
  for (int i = 0; i < 1300; ++i) {
    a.store().invalidate({"s" + std::to_string(i), "", "", ""}, false);
    if (i % 100 != 99) continue;
    ASSERT_TRUE(RedisNode::until([&] {
      auto const marks = redis.ask({"GET", "mcp::now"}).text;
      return marks.substr(marks.find(' ') + 1) == std::to_string(first + static_cast<std::uint64_t>(i) + 1);
    }));
    most = std::max(most, static_cast<std::uint64_t>(redis.number({"HLEN", "mcp::marks"})));
  }
  EXPECT_LE(most, 1025U);
  EXPECT_GE(most, 900U);
  RedisNode later(RedisNode::options(redis));
  ASSERT_TRUE(later.ready());
  auto const found = later.get(key);  // too much rather than too little
  EXPECT_TRUE(!found || found->outdated);
}

TEST_F(RedisNodes, AnswerEveryGetWhileRedisIsKilledAndStartedAgain) {  // F-38, T-28
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  auto const key = key_of("s", "t", 1);
  keep(node, key);
  redis.kill();
  ASSERT_TRUE(RedisNode::until([&] { return !node.store().status().ready; }));
  base::Duration slowest{};
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(node.get(key));
    slowest = std::max(slowest, node.took());
  }
  EXPECT_LE(ms_of(slowest), 50.0);  // nobody is asked
  node.store().invalidate({"s", "", "", ""}, true);
  node.store().put(key, answer_of("while it was down", node.store().sequence()));
  EXPECT_NE(node.store().status().cause, "");
  redis.start();
  ASSERT_TRUE(node.ready());
  EXPECT_FALSE(node.get(key));
  auto const log = node.log();
  EXPECT_GE(std::count(log.begin(), log.end(), '\n'), 3) << log;
  keep(node, key, "after");
  EXPECT_TRUE(RedisNode::until([&] { return node.get(key).has_value(); }));
  auto const heard_now = node.heard();
  EXPECT_GE(std::count(heard_now.begin(), heard_now.end(), "missed"), 2);
}

TEST_F(RedisNodes, ArePatientForFiftyMillisecondsWithAPausedRedisAndThenDoNotAsk) {  // T-28
  auto options = RedisNode::options(redis);
  options.times = {};
  RedisNode node(options);
  ASSERT_TRUE(node.ready());
  auto const key = key_of("s", "t", 1);
  keep(node, key);
  redis.pause();
  std::vector<double> took;
  for (int i = 0; i < 300; ++i) {
    EXPECT_FALSE(node.get(key));
    took.push_back(ms_of(node.took()));
  }
  std::vector<double> after(took.begin() + 10, took.end());
  std::sort(after.begin(), after.end());
  std::sort(took.begin(), took.end());
  std::printf("paused: slowest %.1f ms, then p99 %.3f ms\n", took.back(), after[after.size() * 99 / 100]);
  EXPECT_GE(took[took.size() - 5], 40.0);  // five that waited
  EXPECT_LE(took[took.size() - 11], 5.0);
  EXPECT_LE(after[after.size() * 99 / 100], 5.0);
  redis.resume();
  ASSERT_TRUE(RedisNode::until([&] { return node.get(key).has_value(); }));
  EXPECT_GE(node.store().status().failures, 5U);
}

TEST_F(RedisNodes, TrustNothingAfterSomebodyEmptiedRedis) {  // T-28
  RedisNode a(RedisNode::options(redis)), b(RedisNode::options(redis));
  ASSERT_TRUE(a.ready() && b.ready());
  auto const key = key_of("s", "t", 1);
  keep(a, key);
  auto const born = b.store().sequence();
  a.store().invalidate({"s", "", "", ""}, false);
  ASSERT_TRUE(RedisNode::until([&] { return heard(b, "s|||"); }));
  redis.ask({"FLUSHALL"});
  // What the flush made forgotten must not come back: this was fetched before the invalidation.
  b.store().put(key, answer_of("old", born));
  ASSERT_TRUE(b.written(1));
  RedisNode fresh(RedisNode::options(redis));
  ASSERT_TRUE(fresh.ready());
  for (auto* const node : {&a, &b, &fresh}) {
    auto const found = node->get(key);
    EXPECT_FALSE(found && !found->outdated);
  }
  EXPECT_TRUE(RedisNode::until([&] {
    a.get(key);
    auto const all = a.heard();
    return std::count(all.begin(), all.end(), "missed") >= 2;
  }));
  ASSERT_TRUE(a.ready());
  EXPECT_GT(a.store().sequence(), born);
  keep(a, key, "new");
  EXPECT_TRUE(RedisNode::until([&] { return b.get(key) && b.get(key)->answer.bytes == "new"; }));
}

TEST_F(RedisNodes, BelieveNoValueThatIsNotTheirs) {  // F-54
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  auto const one = key_of("s", "t", 1, "", "me");
  auto const two = key_of("s", "t", 2, "", "me");
  auto const foreign = key_of("s", "t", 1, "", "you");
  keep(node, one, "one");
  keep(node, two, "two");
  auto const good = redis.ask({"GET", one.text()}).text;
  std::uint64_t rejected = 0;
  auto const refuses = [&](std::string_view value) {
    redis.ask({"SET", one.text(), value});
    EXPECT_FALSE(node.get(one));
    EXPECT_EQ(node.store().status().rejected, ++rejected);
  };
  refuses("");
  refuses("{\"jsonrpc\":\"2.0\"}");
  refuses(std::string_view(good).substr(0, good.size() - 1));
  refuses(good + "x");
  refuses(redis.ask({"GET", two.text()}).text);  // swapped
  refuses(std::string(5'000'000, 'x'));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    refuses(bad);
  }
  redis.ask({"SET", one.text(), good});
  EXPECT_TRUE(node.get(one));
  EXPECT_FALSE(node.get(foreign));  // the same key of another owner
  redis.ask({"DEL", one.text()});
  redis.ask({"LPUSH", one.text(), "a", "b"});
  EXPECT_FALSE(node.get(one));
  keep(node, one, "again");
  EXPECT_TRUE(node.get(one));
}

TEST_F(RedisNodes, SurviveAnIndexThatSomebodySpoiled) {
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  auto const key = key_of("s", "t", 1);
  redis.ask({"SET", "not-ours", "precious"});
  keep(node, key);
  redis.ask({"ZADD", "mcp::ends", "1", "not-ours"});
  keep(node, key_of("s", "t", 2));
  EXPECT_EQ(redis.ask({"GET", "not-ours"}).text, "precious");
  EXPECT_EQ(node.store().status().rebuilt, 1U);
  redis.ask({"DEL", "mcp::sums"});
  keep(node, key_of("s", "t", 3));
  redis.ask({"HSET", "mcp::sums", "bytes", "lots"});
  keep(node, key_of("s", "t", 4));
  EXPECT_EQ(node.store().status().rebuilt, 3U);
  redis.ask({"DEL", "mcp::rows"});
  redis.ask({"SET", "mcp::rows", "x"});
  node.store().put(key, answer_of("x", node.store().sequence()));
  EXPECT_TRUE(
      RedisNode::until([&] { return node.store().status().cause.find("WRONGTYPE") != std::string::npos; }));
  EXPECT_TRUE(node.get(key));
}

TEST_F(RedisNodes, DistrustMarksThatTheyCannotRead) {
  RedisNode node(RedisNode::options(redis));
  auto options = RedisNode::options(redis);
  options.secret = store::StoreSecret::from_text(base::Secret("another"));
  RedisNode stranger(options);
  ASSERT_TRUE(node.ready() && stranger.ready());
  auto const key = key_of("s", "t", 1);
  keep(node, key);
  EXPECT_FALSE(stranger.get(key));
  stranger.store().invalidate({"elsewhere", "", "", ""}, false);
  ASSERT_TRUE(RedisNode::until([&] { return heard(node, "|||"); }));  // as one on everything
  EXPECT_TRUE(node.get(key)->outdated);
  redis.ask({"PUBLISH", "mcp::news", "nonsense"});
  redis.ask({"SET", "mcp::now", "nonsense"});
  EXPECT_TRUE(RedisNode::until([&] {
    node.get(key);
    auto const all = node.heard();
    return std::count(all.begin(), all.end(), "missed") >= 2;
  }));
  EXPECT_TRUE(node.ready());
}

TEST_F(RedisNodes, SpeakTlsWithTheAuthorityThatTheyWereGiven) {  // F-54
  RedisProcess secure({"--tls-port", "TLS_PORT", "--tls-cert-file", "FOLDER/cert", "--tls-key-file",
                       "FOLDER/key", "--tls-ca-cert-file", "FOLDER/ca", "--tls-auth-clients", "no"});
  auto const& at = secure.folder();
  auto const openssl =
      "cd " + at +
      " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
      "/CN=ca -keyout ca.key -out ca && openssl req -newkey ec -pkeyopt "
      "ec_paramgen_curve:P-256 -nodes -subj /CN=redis -keyout key -out csr && printf "
      "subjectAltName=IP:127.0.0.1 >ext && openssl x509 -req -in csr -CA ca -CAkey ca.key -days 2 "
      "-extfile ext -out cert";
  ASSERT_EQ(std::system(("(" + openssl + ") >" + at + "/openssl.log 2>&1").c_str()), 0);
  secure.start();
  auto options = RedisNode::options(secure);
  options.tls = true;
  options.port = secure.tls_port();
  auto const trusting = net::TlsContext::with_authority(at + "/ca");
  ASSERT_TRUE(trusting);
  RedisNode node(options, *trusting);
  ASSERT_TRUE(node.ready()) << node.store().status().cause;
  keep(node, key_of("s", "t", 1));
  EXPECT_TRUE(node.get(key_of("s", "t", 1)));
  RedisNode distrusting(options, *net::TlsContext::system());
  EXPECT_TRUE(RedisNode::until([&] { return distrusting.store().status().failures > 0; }));
  EXPECT_FALSE(distrusting.store().status().ready);
  options.port = secure.port();  // plain text where TLS is spoken
  options.times.connect = 1s;
  RedisNode plain(options, *trusting);
  EXPECT_TRUE(RedisNode::until([&] { return plain.store().status().failures > 0; }));
  EXPECT_FALSE(plain.store().status().ready);
  EXPECT_FALSE(net::TlsContext::with_authority(at + "/key"));
}

TEST_F(RedisNodes, WarnOfAPolicyThatLetsWritesFailAndSayTheCure) {
  redis.ask({"CONFIG", "SET", "maxmemory", "3mb"});
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  EXPECT_NE(node.store().status().warning.find("noeviction"), std::string::npos);
  // The store's thread publishes its status first and then tells its observer.
  EXPECT_TRUE(RedisNode::until([&] { return node.log().find("noeviction") != std::string::npos; }));
  for (std::uint64_t i = 0; i < 100; ++i) {
    node.store().put(key_of("s", "t", i), answer_of(std::string(100'000, 'x'), node.store().sequence()));
  }
  EXPECT_TRUE(RedisNode::until([&] { return node.store().status().cause.find("OOM") != std::string::npos; }));
  EXPECT_TRUE(node.store().status().ready);
  EXPECT_TRUE(node.get(key_of("s", "t", 0)));
  redis.ask({"CONFIG", "SET", "maxmemory-policy", "volatile-lru"});
  RedisNode other(RedisNode::options(redis));
  ASSERT_TRUE(other.ready());
  EXPECT_EQ(other.store().status().warning, "");
}

TEST_F(RedisNodes, WriteWhatIsQueuedBeforeTheyEnd) {
  auto const key = [](std::uint64_t i) { return key_of("s", "t", i); };
  {
    RedisNode node(RedisNode::options(redis));
    ASSERT_TRUE(node.ready());
    for (std::uint64_t i = 0; i < 500; ++i) node.store().put(key(i), answer_of("x", node.store().sequence()));
    node.store().stop(20s);
    node.store().stop(20s);
  }
  EXPECT_EQ(redis.number({"HLEN", "mcp::rows"}), 500);
}

TEST_F(RedisNodes, LoseNothingButTimeToARestartedConnectionAndAFlushedScript) {
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  keep(node, key_of("s", "t", 1));
  redis.ask({"SCRIPT", "FLUSH"});
  keep(node, key_of("s", "t", 2));
  redis.ask({"CLIENT", "KILL", "TYPE", "normal"});
  redis.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
  EXPECT_TRUE(RedisNode::until([&] { return node.get(key_of("s", "t", 1)).has_value(); }));
}

}  // namespace
}  // namespace weir::test
