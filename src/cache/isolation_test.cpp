// Whose answers callers see, and from when: many callers, updates and a slow second tier in random order.
//
// The store here is a map that answers late and judges marks as a store must. The long tier makes the runs
// ten times as long.
#include <gtest/gtest.h>

#include <cstdlib>

#include "cache/cache_world_test.hpp"

namespace weir::cache {
namespace {

struct SlowStore final : store::Store {
  std::uint64_t sequence() const noexcept override { return marks.latest(); }
  base::Task<std::optional<store::Found>> get(base::Scheduler& here, store::StoreKey key) override {
    if (takes > base::Duration::zero()) co_await here.sleep_for(takes);
    auto const found = kept.find({key.digest.high, key.digest.low});
    if (found == kept.end()) co_return std::nullopt;
    store::Found made;
    made.answer = found->second;
    made.outdated = marks.judge(key.labels, made.answer.born) != store::Verdict::current;
    co_return made;
  }
  void put(store::StoreKey key, store::StoredAnswer answer) override {
    kept[{key.digest.high, key.digest.low}] = std::move(answer);
  }
  void invalidate(store::Selection what, bool gone) override { marks.add(what, gone); }
  base::Task<std::optional<std::uint64_t>> count(base::Scheduler&, store::Selection) override {
    co_return std::nullopt;
  }
  store::StoreStatus status() const override { return {}; }
  void set_limits(store::StoreLimits) override {}
  void hear(store::StoreObserver*) override {}
  void stop(base::Duration) override {}

  base::Duration takes{};
  store::MarkBook marks;
  std::map<std::pair<std::uint64_t, std::uint64_t>, store::StoredAnswer> kept;
};

int runs(int usual) {
#ifdef __SANITIZE_THREAD__
  usual /= 10;  // one thread: there is nothing to find
#endif
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  return tier != nullptr && std::string_view(tier) == "long" ? usual * 10 : usual;
}

std::string canary(std::string const& who, std::string const& key) { return "<" + who + "/" + key + ">"; }

int crossings(PartitionBy by) {
  SlowStore second;
  auto rules = CacheWorld::tools_rules();
  rules.partition = by;
  CacheWorld world(rules, &second);
  world.origin->reply = [](unsigned, core::Call& call) -> Answer {
    auto const question = std::string(call.request.raw(mcp::Field::arguments));
    auto const key = question.substr(question.find(':') + 1);
    return core::from_result(R"({"resultType":"complete","content":[],"c":")" +
                             canary(call.principal->id, key.substr(0, key.size() - 1)) + "\"}");
  };
  base::SeededRandom dice{11};
  int wrong = 0;
  for (int i = 0; i < runs(50'000); ++i) {
    auto const who = "p" + std::to_string(dice.next() % 1000);
    auto const key = std::to_string(dice.next() % 8 == 0 ? dice.next() % 1000 : dice.next() % 3);
    auto& caller = world.look_up("{\"q\":" + key + '}', who, dice.next() % 2 == 0 ? &world.far : nullptr);
    world.run();
    if (caller.result().find(canary(who, key)) == std::string::npos) ++wrong;
    world.groups.clear();
    world.callers.clear();
  }
  EXPECT_GT(world.server().cache_hits.value(), runs(10'000));
  return wrong;
}

TEST(Isolation, NobodySeesAnothersAnswerByToken_T22) { EXPECT_EQ(crossings(PartitionBy::token), 0); }
TEST(Isolation, NobodySeesAnothersAnswerByPrincipal_T22) { EXPECT_EQ(crossings(PartitionBy::principal), 0); }

// One run: reads, updates and purges at random times; what the server knows is a number that updates raise.
int stale_reads(std::uint64_t seed, int steps) {
  SlowStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  base::SeededRandom dice{seed};
  unsigned version = 0;
  unsigned delivered = 0;  // the version of the newest update whose answer has been delivered
  world.origin->before_answer = [&](core::Call& call) { version += call.target == "write_page" ? 1 : 0; };
  world.origin->reply = [&](unsigned, core::Call&) -> Answer {
    return core::from_result(R"({"resultType":"complete","content":[],"v":)" + std::to_string(version) + '}');
  };
  auto const version_of = [](std::string const& text) {
    auto const at = text.find("\"v\":");
    return at == std::string::npos ? ~0U : static_cast<unsigned>(std::stoul(text.substr(at + 4)));
  };
  struct Pending {
    Caller* caller;
    bool writes;
    unsigned least;
  };
  std::list<Pending> pending;
  int wrong = 0;
  auto const settle = [&] {
    for (auto at = pending.begin(); at != pending.end();) {
      if (!at->caller->answer) {
        ++at;
        continue;
      }
      auto const got = version_of(at->caller->result());
      if (at->writes && got != ~0U) delivered = std::max(delivered, got);
      if (!at->writes && got < at->least) ++wrong;
      at = pending.erase(at);
    }
  };
  for (int i = 0; i < steps; ++i) {
    world.origin->takes = std::chrono::milliseconds(dice.next() % 4);
    second.takes = std::chrono::milliseconds(dice.next() % 3);
    auto const dealt = dice.next() % 16;
    if (dealt < 2) {
      pending.push_back({&world.write(), true, 0});
    } else if (dealt == 2) {
      world.cache.invalidate({"docs", "", "", ""}, dice.next() % 2 == 0, Cause::manual);
    } else {
      auto* const layer = dice.next() % 2 == 0 ? &world.far : nullptr;
      auto& caller = world.look_up(R"({"q":1})", "anonymous", layer);
      pending.push_back({&caller, false, delivered});
    }
    world.run(std::chrono::milliseconds(dice.next() % 3));
    settle();
  }
  world.run(1s);
  settle();
  return wrong;
}

TEST(Isolation, NoReadAfterAnUpdateGetsWhatWasBefore_T24) {
  constexpr int kSteps = 200;
  for (int seed = 0; seed < runs(500); ++seed) {
    ASSERT_EQ(stale_reads(static_cast<std::uint64_t>(seed), kSteps), 0) << "seed " << seed;
  }
}

TEST(Isolation, WhoWantsNoCopyDoesNotJoinAFetchThatAsksTheStore) {
  SlowStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.look_up();
  world.run();
  world.cache.set_options({true, 300s, {}});
  world.cache.set_options({false, 300s, {}});  // only the store has it now
  second.takes = 10ms;
  auto& first = world.look_up();
  world.fresh_only = true;
  auto& fresh = world.look_up();
  world.run(20ms);
  EXPECT_TRUE(first.answer && *first.answer);  // either will do for this one
  EXPECT_NE(fresh.result().find(R"("n":2)"), std::string::npos);
}

}  // namespace
}  // namespace weir::cache
