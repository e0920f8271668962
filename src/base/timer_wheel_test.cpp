#include "base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/random.hpp"

namespace weir::base {
namespace {

using namespace std::chrono_literals;

struct Node : TimerNode {
  int id = 0;
};

std::vector<int> fire_at(TimerWheel& wheel, TimePoint now) {
  std::vector<int> ids;
  wheel.advance(now, [&ids](TimerNode& node) { ids.push_back(static_cast<Node&>(node).id); });
  return ids;
}

TEST(TimerWheel, FiresNeverEarlyAndAtTheMillisecond) {
  TimePoint const start{1h};
  TimerWheel wheel(start);
  Node node;
  wheel.insert(node, start + 59min + 59s + 999'500us);
  EXPECT_TRUE(fire_at(wheel, start + 59min + 59s + 999ms).empty());
  EXPECT_EQ(fire_at(wheel, start + 1h).size(), 1U);
  EXPECT_TRUE(fire_at(wheel, start + 2h).empty());
}

TEST(TimerWheel, ADeadlineInThePastFiresAtOnce) {
  TimePoint const start{1h};
  TimerWheel wheel(start);
  Node node;
  fire_at(wheel, start + 10s);
  wheel.insert(node, start);
  EXPECT_EQ(fire_at(wheel, start + 10s).size(), 1U);
}

TEST(TimerWheel, ANodeThatDiesOrIsUnlinkedNeverFires) {
  TimePoint const start{1h};
  TimerWheel wheel(start);
  Node kept;
  kept.id = 1;
  auto dying = std::make_unique<Node>();
  Node dropped;
  for (auto* const node : {&kept, dying.get(), &dropped}) wheel.insert(*node, start + 5s);
  dying.reset();
  dropped.unlink();
  EXPECT_EQ(fire_at(wheel, start + 5s), std::vector<int>{1});
}

TEST(TimerWheel, FiringMayInsertAgain) {
  TimePoint const start{1h};
  TimerWheel wheel(start);
  Node node;
  int fired = 0;
  wheel.insert(node, start + 1s);
  wheel.advance(start + 10s, [&](TimerNode& n) {
    if (++fired < 3) wheel.insert(n, start + 1s);
  });
  EXPECT_EQ(fired, 3);
}

// A model (ordered map) against the wheel over random inserts, moves, removals and jumps of time.
TEST(TimerWheel, AgreesWithAnOrderedMapOverRandomTraces) {
  SeededRandom random(7);
  TimePoint const start{1h};
  for (int trace = 0; trace < 20; ++trace) {
    TimerWheel wheel(start);
    std::vector<std::unique_ptr<Node>> nodes;
    std::map<int, TimePoint> due;
    TimePoint now = start;
    for (int i = 0; i < 300; ++i) {
      nodes.push_back(std::make_unique<Node>());
      nodes.back()->id = i;
    }
    for (int step = 0; step < 2000; ++step) {
      auto const which = random.below(nodes.size());
      auto& node = *nodes[which];
      switch (random.below(4)) {
        case 0:
        case 1: {
          Duration const ahead = 1ms * static_cast<long>(random.below(std::uint64_t{1} << random.below(34)));
          wheel.insert(node, now + ahead);
          due[node.id] = now + ahead;
          break;
        }
        case 2:
          node.unlink();
          due.erase(node.id);
          break;
        default: {
          now += 1ms * static_cast<long>(random.below(std::uint64_t{1} << random.below(28)));
          auto const earliest = wheel.next_due();
          TimePoint last{};
          wheel.advance(now, [&](TimerNode& fired) {
            auto const at = due.at(static_cast<Node&>(fired).id);
            EXPECT_LE(at, now);
            EXPECT_GE(at, last);
            ASSERT_TRUE(earliest.has_value());
            EXPECT_LE(*earliest, at + 1ms) << "the loop would have slept past it";
            last = at;
            due.erase(static_cast<Node&>(fired).id);
          });
          for (auto const& [id, at] : due) EXPECT_GT(at, now) << "node " << id << " was missed";
        }
      }
    }
  }
}

}  // namespace
}  // namespace weir::base
