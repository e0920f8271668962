// What a real Redis keeps for us: round trips, ends of life, bounds, logging in, counting.
#include <gtest/gtest.h>

#include "redis/redis_node.hpp"

namespace weir::test {
namespace {

using namespace std::chrono_literals;
using store::Selection;

struct RedisAnswers : testing::Test {
  RedisProcess redis;
  void SetUp() override {
    if (!RedisProcess::installed()) GTEST_SKIP() << "redis-server is not installed (Debian: redis-server)";
    redis.start();
  }
};

TEST_F(RedisAnswers, ComeBackAsTheyWereAndForEveryNode) {
  RedisNode a(RedisNode::options(redis)), b(RedisNode::options(redis));
  ASSERT_TRUE(a.ready() && b.ready());
  EXPECT_FALSE(a.get(key_of("s", "t", 1)));
  auto const answer = answer_of(std::string("bytes \0 of any kind", 19), a.store().sequence());
  a.store().put(key_of("s", "t", 1), answer);
  ASSERT_TRUE(a.written(1));
  auto const found = b.get(key_of("s", "t", 1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer, answer);
  EXPECT_FALSE(found->outdated);
  EXPECT_FALSE(b.get(key_of("s", "t", 2)));
  EXPECT_EQ(b.store().status().hits, 1U);
  EXPECT_EQ(b.store().status().misses, 1U);
  EXPECT_EQ(a.store().status().entries, 1U);
}

TEST_F(RedisAnswers, LeaveByThemselvesAndTheIndexForgetsThem) {
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  auto answer = answer_of("short", node.store().sequence());
  answer.kept_for = 300ms;
  node.store().put(key_of("s", "t", 1), answer);
  ASSERT_TRUE(node.written(1));
  EXPECT_TRUE(RedisNode::until([&] { return !node.get(key_of("s", "t", 1)); }));
  EXPECT_TRUE(RedisNode::until([&] { return redis.number({"EXISTS", key_of("s", "t", 1).text()}) == 0; }));
  node.store().put(key_of("s", "t", 2), answer_of("long", node.store().sequence()));
  ASSERT_TRUE(node.written(2));
  EXPECT_EQ(node.store().status().entries, 1U);
  EXPECT_EQ(redis.number({"ZCARD", "mcp::age"}), 1);
  EXPECT_EQ(redis.number({"HLEN", "mcp::rows"}), 1);
  EXPECT_EQ(node.store().status().evictions, 0U);
}

TEST_F(RedisAnswers, StandUnderReadableKeysButSayNothingElse) {  // R-077, F-54
  auto options = RedisNode::options(redis);
  options.prefix = "team:";
  RedisNode node(options);
  ASSERT_TRUE(node.ready());
  auto const key = key_of("files", "resources/read", 1, "file:///secret-uri", "5ecre70wner");
  node.store().put(key, answer_of("secret-bytes", node.store().sequence()));
  node.store().invalidate({"other", "", "file:///secret-uri", ""}, false);
  ASSERT_TRUE(node.written(1));
  EXPECT_TRUE(RedisNode::until([&] { return redis.number({"HLEN", "team:mcp::marks"}) == 3; }));
  EXPECT_EQ(redis.number({"EXISTS", "team:" + key.text()}), 1);
  std::string all;
  for (auto const& name : redis.ask({"KEYS", "*"}).items) {
    EXPECT_TRUE(name.text.starts_with("team:mcp:")) << name.text;
    all += name.text + redis.ask({"DUMP", name.text}).text;
  }
  for (auto const* const secret : {"secret-uri", "5ecre70wner", "secret-bytes"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
}

TEST_F(RedisAnswers, AreCountedByWhatIsSelected) {
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  std::uint64_t number = 0;
  for (auto const* const server : {"a", "b:%"}) {
    for (auto const* const who : {"", "me"}) {
      for (int i = 0; i < 3; ++i) {
        auto const target = "file:///" + std::to_string(i);
        node.store().put(key_of(server, "resources/read", ++number, target, who),
                         answer_of("x", node.store().sequence()));
      }
    }
  }
  ASSERT_TRUE(node.written(12));
  EXPECT_EQ(node.count({}), 12U);
  EXPECT_EQ(node.count({"a", "", "", ""}), 6U);
  EXPECT_EQ(node.count({"b:%", "resources/*", "", ""}), 6U);
  EXPECT_EQ(node.count({"", "", "file:///1", ""}), 4U);
  EXPECT_EQ(node.count({"a", "", "", "me"}), 3U);
  EXPECT_EQ(node.count({"a", "", "file:///2", "me"}), 1U);
  EXPECT_EQ(node.count({"a", "tools", "", ""}), 0U);
}

// The bytes that Redis really holds for our records, by key.
std::uint64_t held(RedisProcess const& redis, std::string_view pattern, std::uint64_t* entries) {
  std::uint64_t bytes = 0;
  *entries = 0;
  for (auto const& key : redis.ask({"KEYS", pattern}).items) {
    if (key.text.starts_with("mcp::")) continue;
    bytes += key.text.size() + static_cast<std::uint64_t>(redis.number({"STRLEN", key.text}));
    ++*entries;
  }
  return bytes;
}

TEST_F(RedisAnswers, StayWithinTheirBoundsUnderTwoWriters) {  // T-27, R-075
  auto options = RedisNode::options(redis);
  options.limits.bytes_max = 400'000;
  options.limits.entries_max = {{"capped", 10}};
  RedisNode a(options), b(options);
  ASSERT_TRUE(a.ready() && b.ready());
  for (std::uint64_t i = 0; i < 600; ++i) {
    auto const size = i % 7 == 0 ? 20'000U : 500U;
    auto const* const server = i % 3 == 0 ? "capped" : "free";
    auto& store = (i % 2 == 0 ? a : b).store();
    store.put(key_of(server, "t", i), answer_of(std::string(size, 'x'), store.sequence()));
  }
  std::uint64_t bytes_most = 0;
  std::uint64_t capped_most = 0;
  std::uint64_t entries = 0;
  ASSERT_TRUE(RedisNode::until([&] {
    bytes_most = std::max(bytes_most, held(redis, "mcp:*", &entries));
    held(redis, "mcp:capped:*", &entries);
    capped_most = std::max(capped_most, entries);
    return a.store().status().writes == 300 && b.store().status().writes == 300;
  }));
  auto const bytes = held(redis, "mcp:*", &entries);
  EXPECT_LE(bytes_most, 400'000U);
  EXPECT_EQ(capped_most, 10U);
  EXPECT_EQ(static_cast<std::uint64_t>(redis.number({"HLEN", "mcp::rows"})), entries);
  EXPECT_EQ(redis.ask({"HGET", "mcp::sums", "entries"}).text, std::to_string(entries));
  auto const counted = std::stoull(redis.ask({"HGET", "mcp::sums", "bytes"}).text);
  EXPECT_LE(counted, 400'000U);
  EXPECT_GE(counted, 400'000U - 25'000U);  // no more is put out than must be
  EXPECT_GE(counted, bytes);
  EXPECT_GT(a.store().status().evictions + b.store().status().evictions, 0U);
  EXPECT_FALSE(a.get(key_of("free", "t", 1)));  // the oldest have gone
  EXPECT_TRUE(a.get(key_of("free", "t", 599 - 1)));

  store::StoreLimits less;
  less.bytes_max = 100'000;
  a.store().set_limits(less);
  EXPECT_TRUE(RedisNode::until([&] { return held(redis, "mcp:*", &entries) <= 100'000; }));
  a.store().put(key_of("free", "t", 9'999), answer_of(std::string(200'000, 'x'), a.store().sequence()));
  EXPECT_TRUE(RedisNode::until([&] { return a.store().status().writes_dropped == 1; }));
}

TEST_F(RedisAnswers, AreCountedWithWhatTheIndexCosts) {
  RedisNode node(RedisNode::options(redis));
  ASSERT_TRUE(node.ready());
  auto const used = [&] {
    auto const info = redis.ask({"INFO", "memory"}).text;
    return std::stoull(info.substr(info.find("used_memory_dataset:") + 20));
  };
  auto const before = used();
  constexpr std::uint64_t kEntries = 4'000;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    node.store().put(key_of("server", "resources/read", i, "file:///x", "owner"),
                     answer_of(std::string(400, 'x'), node.store().sequence()));
    ASSERT_TRUE(i % 500 != 499 || node.written(i + 1));
  }
  ASSERT_EQ(node.store().status().entries, kEntries);
  auto const real = used() - before;
  auto const counted = node.store().status().bytes;
  std::printf("memory of %lu entries: %lu B each, counted %lu B each\n", kEntries,
              static_cast<unsigned long>(real / kEntries), static_cast<unsigned long>(counted / kEntries));
  EXPECT_GE(counted, real);
  EXPECT_LE(counted, real * 3 / 2);
}

TEST_F(RedisAnswers, NeedTheRightPassword) {
  redis.ask({"CONFIG", "SET", "requirepass", "right"});
  auto options = RedisNode::options(redis);
  options.password = base::Secret("wrong");
  RedisNode wrong(options);
  EXPECT_TRUE(
      RedisNode::until([&] { return wrong.store().status().cause.find("WRONGPASS") != std::string::npos; }));
  EXPECT_NE(wrong.store().status().cause.find("caching.l2.password"), std::string::npos);
  EXPECT_FALSE(wrong.get(key_of("s", "t", 1)));
  options.password = base::Secret();
  RedisNode none(options);
  EXPECT_TRUE(
      RedisNode::until([&] { return none.store().status().cause.find("NOAUTH") != std::string::npos; }));
  options.password = base::Secret("right");
  RedisNode right(options);
  EXPECT_TRUE(right.ready());
  EXPECT_EQ(right.store().status().cause, "");
}

TEST_F(RedisAnswers, NeedNoMoreThanTheseRightsOfAnAclUser) {
  redis.ask({"ACL",
             "SETUSER",
             "weir",
             "on",
             ">pw",
             "~mcp:*",
             "&mcp:*",
             "-@all",
             "+mget",
             "+eval",
             "+evalsha",
             "+hscan",
             "+time",
             "+subscribe",
             "+publish",
             "+ping",
             "+client|setname",
             "+info",
             "+hget",
             "+hset",
             "+hdel",
             "+hincrby",
             "+hlen",
             "+hgetall",
             "+hexists",
             "+zadd",
             "+zrem",
             "+zrange",
             "+zrangebyscore",
             "+zcard",
             "+set",
             "+get",
             "+unlink",
             "+pexpire",
             "+pttl"});
  auto options = RedisNode::options(redis);
  options.username = "weir";
  options.password = base::Secret("pw");
  RedisNode node(options);
  ASSERT_TRUE(node.ready()) << node.store().status().cause;
  node.store().put(key_of("s", "t", 1), answer_of("x", node.store().sequence()));
  ASSERT_TRUE(node.written(1));
  EXPECT_TRUE(node.get(key_of("s", "t", 1)));
  auto const before = node.store().sequence();
  node.store().invalidate({}, true);
  EXPECT_FALSE(node.get(key_of("s", "t", 1)));
  ASSERT_TRUE(RedisNode::until([&] { return node.store().sequence() > before; }));
  EXPECT_EQ(node.store().status().failures, 0U);
  redis.ask({"ACL", "SETUSER", "weir", "-set"});
  node.store().put(key_of("s", "t", 2), answer_of("x", node.store().sequence()));
  EXPECT_TRUE(RedisNode::until([&] { return node.store().status().failures > 0; }));
  EXPECT_NE(node.store().status().cause.find("ACL"), std::string::npos) << node.store().status().cause;
}

}  // namespace
}  // namespace weir::test
