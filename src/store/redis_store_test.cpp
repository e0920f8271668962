// The store over scripted connections, on virtual time. Against a real Redis: test/redis.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/task_group.hpp"
#include "store/fake_redis_test.hpp"
#include "store/redis.hpp"

namespace weir::store {
namespace {

using namespace std::chrono_literals;
using Words = FakeRedis::Words;

struct RedisStoreTest : testing::Test, StoreObserver {
  base::VirtualLoop loop;
  FakeRedis redis{loop};
  base::SeededRandom random{3};
  RedisOptions options{StoreSecret::from_text(base::Secret("secret"))};
  std::unique_ptr<Store> store;
  base::TaskGroup tasks{loop};
  std::vector<std::string> heard;

  struct Get {
    std::optional<Found> found;
    bool done = false;
    base::TimePoint ended{};
  };
  void invalidated(Selection const& what, bool) override { heard.push_back(what.text()); }
  void invalidations_missed() override { heard.emplace_back("missed"); }

  void open() {
    store = open_redis(options, loop, redis, random, nullptr);
    store->hear(this);
    redis.pump();
  }
  static base::Task<void> fetch(base::Scheduler& loop, Store& store, StoreKey key, Get& into) {
    into.found = co_await store.get(loop, std::move(key));
    into.ended = loop.now();
    into.done = true;
  }
  StoreKey key() const { return {{"s", "t", "", ""}, {1, 2}}; }
  StoredAnswer answer() const {
    StoredAnswer out;
    out.bytes = "bytes";
    out.fetched = loop.clock().wall();
    out.kept_for = 1h;
    out.fresh_for = 1min;
    out.born = store->sequence();
    return out;
  }
  void start(Get& get) { tasks.spawn(fetch(loop, *store, key(), get)); }
  bool finds() {
    Get get;
    start(get);
    redis.advance(60ms);
    return get.found.has_value();
  }
  bool keep() {
    store->put(key(), answer());
    redis.pump();
    return finds();
  }
  std::size_t asked(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(redis.seen.begin(), redis.seen.end(), [&](Words const& w) { return w[0] == name; }));
  }
  void silence(std::string_view name) {  // nothing is answered to such commands
    redis.answer = [this, name](Words const& words) { return words[0] == name ? "" : redis.usual(words); };
  }
};

TEST_F(RedisStoreTest, LogsInSelectsAndSubscribesBeforeItLoadsTheMarks) {
  options.username = "me";
  options.password = base::Secret("pw");
  options.database = 3;
  open();
  EXPECT_TRUE(store->status().ready);
  EXPECT_EQ(redis.seen[0], (Words{"AUTH", "me", "pw"}));
  EXPECT_EQ(redis.seen[1], (Words{"SELECT", "3"}));
  EXPECT_EQ(redis.seen[2], (Words{"CLIENT", "SETNAME", "weir"}));
  auto const place = [&](std::string_view name) {
    return std::find_if(redis.seen.begin(), redis.seen.end(), [&](auto& w) { return w[0] == name; });
  };
  EXPECT_LT(place("SUBSCRIBE"), place("EVALSHA"));
  EXPECT_EQ(heard, std::vector<std::string>{"missed"});
  EXPECT_EQ(store->sequence(), 0U);  // no marks, nothing to be born after
  EXPECT_TRUE(keep());
}

TEST_F(RedisStoreTest, ASilentRedisIsAMissAfterFiftyMillisecondsAndThenCostsNothing) {  // F-38, T-28
  open();
  ASSERT_TRUE(keep());
  silence("MGET");
  for (int i = 0; i < 5; ++i) {
    Get get;
    auto const began = loop.now();
    start(get);
    redis.advance(49ms);
    EXPECT_FALSE(get.done);
    redis.advance(2ms);
    EXPECT_TRUE(get.done);
    EXPECT_FALSE(get.found);
    EXPECT_LE(get.ended - began, 50ms);
  }
  EXPECT_FALSE(store->status().ready);
  EXPECT_NE(store->status().cause.find("slow"), std::string::npos);
  auto const questions = asked("MGET");
  for (int i = 0; i < 100; ++i) {
    Get get;
    start(get);
    EXPECT_TRUE(get.done);  // at once, nobody is asked
  }
  EXPECT_EQ(asked("MGET"), questions);
  EXPECT_EQ(store->status().failures, 5U);
}

TEST_F(RedisStoreTest, ComesBackAfterAProbeThatSucceeds) {  // T-28
  open();
  ASSERT_TRUE(keep());
  redis.answer = [](Words const&) { return ""; };
  for (int i = 0; i < 5; ++i) finds();
  EXPECT_FALSE(store->status().ready);
  auto const pings = asked("PING");
  redis.advance(1300ms);
  EXPECT_EQ(asked("PING"), pings + 1);
  EXPECT_FALSE(store->status().ready);
  redis.answer = [this](Words const& words) { return redis.usual(words); };
  redis.hang_up();  // what was asked before is never answered
  redis.advance(3s);
  EXPECT_TRUE(store->status().ready);
  EXPECT_TRUE(finds());
}

TEST_F(RedisStoreTest, DroppedQuestionsLeaveTheOthersTheirOwnReplies) {
  open();
  ASSERT_TRUE(keep());
  silence("MGET");
  {
    base::TaskGroup dropped(loop);
    Get get;
    dropped.spawn(fetch(loop, *store, key(), get));
    redis.pump();
  }
  Get second;
  start(second);
  redis.pump();
  redis.send(redis.peers[0], "*2\r\n$-1\r\n" + FakeRedis::bulk("e 100"));  // the dropped one's: a miss
  redis.send(redis.peers[0],
             "*2\r\n" + FakeRedis::bulk(redis.values.begin()->second) + FakeRedis::bulk("e 100"));
  redis.pump();
  EXPECT_TRUE(second.found);
  EXPECT_EQ(store->status().failures, 0U);
}

TEST_F(RedisStoreTest, AReplyThatNobodyAskedForEndsTheConnection) {
  open();
  ASSERT_TRUE(keep());
  redis.send(redis.peers[0], "+surprise\r\n");
  redis.pump();
  EXPECT_FALSE(store->status().ready);
  EXPECT_NE(store->status().cause.find("nobody asked"), std::string::npos);
  EXPECT_FALSE(finds());
  redis.advance(3s);
  EXPECT_TRUE(finds());
}

TEST_F(RedisStoreTest, GarbageAndHangUpsFailEverythingThatWaits) {  // F-38
  for (auto const* const bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", "*2147483647\r\n", "?", ""}) {
    redis.answer = [this](Words const& words) { return redis.usual(words); };
    redis.peers.clear();
    open();
    ASSERT_TRUE(keep());
    silence("MGET");
    Get get;
    start(get);
    redis.pump();
    EXPECT_FALSE(get.done);
    if (*bytes == '\0') {
      redis.hang_up();
    } else {
      redis.send(redis.peers[0], std::string(bytes) + "\r\n");
    }
    redis.pump();
    EXPECT_TRUE(get.done) << bytes;
    EXPECT_FALSE(get.found);
    EXPECT_FALSE(store->status().ready);
    redis.pump();
    store.reset();
  }
}

TEST_F(RedisStoreTest, ErrorsAreMissesWithACureAndTheConnectionStays) {  // F-38
  open();
  ASSERT_TRUE(keep());
  auto const dialed = redis.dialed;
  redis.answer = [](Words const&) { return "-READONLY You can't write against a read only replica.\r\n"; };
  EXPECT_FALSE(finds());
  store->put(key(), answer());
  redis.pump();
  auto const status = store->status();
  EXPECT_EQ(status.failures, 2U);
  EXPECT_EQ(status.writes_dropped, 1U);
  EXPECT_NE(status.cause.find("caching.l2.host"), std::string::npos);
  EXPECT_EQ(redis.dialed, dialed);
}

TEST_F(RedisStoreTest, ServesNothingWhileItCannotHearInvalidations) {
  open();
  ASSERT_TRUE(keep());
  silence("SUBSCRIBE");
  redis.peers.erase(
      std::find_if(redis.peers.begin(), redis.peers.end(), [](auto& p) { return p.subscribed; }));
  redis.pump();
  EXPECT_FALSE(finds());
  redis.advance(1s);
  EXPECT_FALSE(finds());
  redis.answer = [this](Words const& words) { return redis.usual(words); };
  redis.advance(20s, 10ms);
  EXPECT_TRUE(finds());
  EXPECT_EQ(heard, (std::vector<std::string>{"missed", "missed"}));
}

TEST_F(RedisStoreTest, AnAnswerFromBeyondWhatWasHeardIsAMiss) {
  open();
  ASSERT_TRUE(keep());
  redis.now = "e 101";  // the message is still on its way
  EXPECT_FALSE(finds());
  redis.now = "e 100";
  EXPECT_TRUE(finds());
  redis.now = "other 100";  // emptied, and begun afresh
  EXPECT_FALSE(finds());
  EXPECT_EQ(std::count(heard.begin(), heard.end(), "missed"), 1);
  redis.now = "e 100";
  redis.advance(2s);
  EXPECT_EQ(std::count(heard.begin(), heard.end(), "missed"), 2);
  EXPECT_TRUE(finds());
}

TEST_F(RedisStoreTest, AGapBetweenMessagesMakesItBeginAgain) {
  open();
  redis.publish("e 100 101 0 other nonsense");  // unreadable: everything
  EXPECT_EQ(heard.back(), "|||");
  EXPECT_TRUE(store->status().ready);
  redis.publish("e 102 103 0 other nonsense");
  EXPECT_FALSE(store->status().ready);
  redis.advance(2s);
  EXPECT_TRUE(store->status().ready);
  EXPECT_EQ(heard.back(), "missed");
}

TEST_F(RedisStoreTest, AnInvalidationHoldsAtOnceAndIsToldWhenRedisIsBack) {
  open();
  ASSERT_TRUE(keep());
  redis.down = true;
  redis.hang_up();
  for (int i = 0; i < 300; ++i) store->invalidate({"other" + std::to_string(i), "", "", ""}, false);
  store->invalidate({"s", "", "", ""}, false);
  redis.advance(1min, 100ms);
  redis.down = false;
  redis.advance(20s, 10ms);
  EXPECT_TRUE(store->status().ready);
  EXPECT_EQ(store->sequence(), 101U);
  auto const told =
      std::count_if(redis.seen.begin(), redis.seen.end(), [](auto& w) { return w.size() == 13; });
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 257);  // too many became one on everything
}

TEST_F(RedisStoreTest, KeepsTheNewestOfTooManyAnswersForARedisThatIsAway) {
  redis.down = true;
  open();
  for (std::uint64_t i = 0; i < 1025; ++i) {
    auto one = key();
    one.digest.low = i;
    store->put(one, answer());
  }
  EXPECT_EQ(store->status().writes_dropped, 1U);
  redis.down = false;
  redis.advance(20s, 10ms);
  EXPECT_EQ(store->status().writes, 1024U);
  StoredAnswer big = answer();
  big.bytes.assign(17'000'000, 'x');
  store->put(key(), big);
  EXPECT_EQ(store->status().writes_dropped, 2U);
}

TEST_F(RedisStoreTest, TriesLessAndLessOftenToConnect) {
  redis.down = true;
  open();
  redis.advance(1min, 20ms);
  auto const first = redis.dialed;
  EXPECT_LE(first, 2 * 16);
  redis.advance(1min, 20ms);
  EXPECT_LE(redis.dialed - first, 2 * 9);
  EXPECT_GE(redis.dialed - first, 2 * 4);
  EXPECT_FALSE(finds());
}

TEST_F(RedisStoreTest, ClosesAConnectionThatAnswersNothingForLong) {
  open();
  redis.answer = [](Words const&) { return ""; };
  auto const dialed = redis.dialed;
  finds();
  redis.advance(4s, 10ms);
  EXPECT_EQ(redis.dialed, dialed);
  redis.advance(2s, 10ms);
  EXPECT_GT(redis.dialed, dialed);
}

}  // namespace
}  // namespace weir::store
