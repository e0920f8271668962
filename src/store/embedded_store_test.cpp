#include "store/embedded_store.hpp"

#include <thread>

#include "store/embedded_rig_test.hpp"
#include "store/record.hpp"

namespace weir::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(EmbeddedStore, GivesBackWhatWasPutAndTheNewestOfIt) {
  EmbeddedRig rig;
  EXPECT_TRUE(rig.store->status().ready) << rig.store->status().cause;
  EXPECT_EQ(rig.text(1), "");
  rig.put(1, "first");
  rig.put(2, "other");
  rig.settle();
  EXPECT_EQ(rig.text(1), "first");
  rig.put(1, "second");
  rig.settle();
  auto const found = rig.find(key_of(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer, answer_of("second", rig.clock.wall(), hours{1}));
  EXPECT_FALSE(found->outdated);
  auto const status = rig.store->status();
  EXPECT_EQ(status.entries, 2U);
  EXPECT_EQ(status.writes, 3U);
  EXPECT_EQ(status.hits, 2U);
  EXPECT_EQ(status.misses, 1U);
  EXPECT_GT(status.bytes, 0U);
}

TEST(EmbeddedStore, OutlivesTheProcess) {
  EmbeddedRig rig;
  for (std::uint64_t i = 0; i < 100; ++i) rig.put(i, "answer " + std::to_string(i));
  rig.reopen();
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(rig.text(i), "answer " + std::to_string(i));
  EXPECT_EQ(rig.store->status().entries, 100U);
}

// T-26: nobody asks for it, and it goes all the same.
TEST(EmbeddedStore, LosesWhatIsOverWithoutAnyoneAsking) {
  EmbeddedRig rig;
  for (std::uint64_t i = 0; i < 200; ++i) rig.put(i, "x", minutes{10});
  rig.put(1'000, "y", minutes{20});
  rig.settle();
  rig.clock.advance(minutes{10} - milliseconds{1});
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 201U);
  EXPECT_EQ(rig.text(5), "x");
  rig.clock.advance(milliseconds{1});
  EXPECT_EQ(rig.text(5), "");
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 1U);
  EXPECT_EQ(rig.text(1'000), "y");
}

TEST(EmbeddedStore, KeepsWhatItHasWhenTheClockIsSetBack) {
  EmbeddedRig rig;
  rig.put(1, "x", minutes{10});
  rig.settle();
  rig.clock.set_back(hours{5});
  rig.settle();
  EXPECT_EQ(rig.text(1), "x");
  rig.clock.advance(hours{5} + minutes{10});
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 0U);
}

TEST(EmbeddedStore, HoldsNoMoreOfAServerThanItMay_T27) {
  EmbeddedRig rig;
  rig.store->set_limits({100'000'000, {{"files", 5}, {"none", 0}}});
  rig.settle();
  for (std::uint64_t i = 0; i < 5; ++i) rig.put(i, "x");
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 5U);
  EXPECT_EQ(rig.text(0), "x");  // used: 1 is the one that goes
  rig.put(5, "x");
  rig.store->put(key_of(6, "other"), answer_of("z", rig.clock.wall(), hours{1}));
  rig.store->put(key_of(7, "none"), answer_of("z", rig.clock.wall(), hours{1}));
  rig.settle();
  EXPECT_EQ(rig.count({"files", "", "", ""}), 5U);
  EXPECT_EQ(rig.count({"none", "", "", ""}), 0U);
  EXPECT_EQ(rig.count({}), 6U);
  EXPECT_EQ(rig.text(0), "x");
  EXPECT_EQ(rig.text(1), "");
  EXPECT_EQ(rig.store->status().evictions, 2U);
  rig.store->set_limits({100'000'000, {{"files", 2}}});
  rig.settle();
  EXPECT_EQ(rig.count({"files", "", "", ""}), 2U);
  EXPECT_EQ(rig.text(0), "x");
}

TEST(EmbeddedStore, StaysWithinItsBytesUnderEndlessWritesAndShrinks_T27) {
  EmbeddedRig rig;
  constexpr std::uint64_t kBytes = 8'000'000;
  constexpr std::uint64_t kSegment = 4 << 20;
  rig.store->set_limits({kBytes, {}});
  std::uint64_t most = 0;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    rig.put(i, std::string(1 + i * 37 % 9'000, 'x'));
    rig.text(i * 7 % (i + 1));  // uses are written, too
    if (i % 100 != 99) continue;
    rig.settle();
    most = std::max(most, rig.bytes_on_disk());
  }
  EXPECT_LE(most, kBytes + kSegment);
  EXPECT_GT(most, kBytes / 2);
  EXPECT_GT(rig.store->status().evictions, 100U);
  EXPECT_EQ(rig.store->status().failures, 0U) << rig.store->status().cause;
  EXPECT_NE(rig.text(2'999), "");
  EXPECT_EQ(rig.store->status().writes, 3'000U);
  rig.store->set_limits({kBytes / 4, {}});
  rig.settle();
  rig.reopen();  // which ends the journal
  EXPECT_LE(rig.bytes_on_disk(), kBytes / 4);
  EXPECT_NE(rig.text(2'999), "");
}

TEST(EmbeddedStore, KeepsNoAnswerOverA32ndOfItsBytes) {
  EmbeddedRig rig;
  rig.store->set_limits({32'000'000, {}});
  rig.put(1, std::string(1'000'000 - RecordSealer::kOverheadBytes, 'x'));
  rig.put(2, std::string(1'000'001 - RecordSealer::kOverheadBytes, 'x'));
  rig.settle();
  EXPECT_NE(rig.text(1), "");
  EXPECT_EQ(rig.text(2), "");
  EXPECT_EQ(rig.store->status().writes_dropped, 1U);
}

TEST(EmbeddedStore, RemembersWhatWasInvalidated_F35) {
  EmbeddedRig rig;
  rig.put(1, "stale");
  rig.put(2, "purged");
  rig.put(3, "untouched");
  rig.settle();
  rig.store->invalidate({"files", "", "file:///1", ""}, false);
  rig.store->invalidate({"", "resources/*", "file:///2", ""}, true);
  EXPECT_EQ(rig.text(1), "~stale");  // at once
  EXPECT_EQ(rig.text(2), "");
  auto const sequence = rig.store->sequence();
  EXPECT_EQ(rig.count({}), 2U);
  rig.reopen();
  EXPECT_EQ(rig.store->sequence(), sequence);
  EXPECT_EQ(rig.text(1), "~stale");
  EXPECT_EQ(rig.text(2), "");
  EXPECT_EQ(rig.text(3), "untouched");
  rig.put(1, "fresh");
  rig.settle();
  EXPECT_EQ(rig.text(1), "fresh");
  EXPECT_GE(rig.store->sequence(), sequence);
}

TEST(EmbeddedStore, RemembersMoreMarksThanItCanQueue) {
  EmbeddedRig rig;
  rig.put(4'999, "x");
  rig.settle();
  for (std::uint64_t i = 0; i < 5'000; ++i)
    rig.store->invalidate(Selection{key_of(i).labels.server, "", key_of(i).labels.target, ""}, false);
  rig.reopen();
  EXPECT_EQ(rig.text(4'999), "~x");
  EXPECT_GE(rig.store->sequence(), 5'000U);
}

TEST(EmbeddedStore, IsUselessWithAnotherSecret_F54) {
  EmbeddedRig rig;
  rig.put(1, "x");
  rig.reopen("two");
  EXPECT_TRUE(rig.store->status().ready);
  EXPECT_EQ(rig.store->status().rebuilt, 1U);
  EXPECT_EQ(rig.text(1), "");
  rig.put(1, "y");
  rig.settle();
  EXPECT_EQ(rig.text(1), "y");
}

// F-54: the database says which server and which tool, and nothing that is anybody's own.
TEST(EmbeddedStore, DisclosesNoContentsNoTargetsAndNoOwners_F54) {
  EmbeddedRig rig;
  rig.store->put(key_of(77, "files", "owner-of-it"), answer_of("the contents", rig.clock.wall(), hours{1}));
  rig.store->invalidate({"", "", "file:///secret-plan", ""}, false);
  rig.close();
  std::ifstream in(rig.file(), std::ios::binary);
  std::string const all((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NE(all.find("resources/read"), std::string::npos);
  for (auto const* const secret : {"the contents", "file:///", "owner-of-it", "secret-plan"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
  rig.open();
}

TEST(EmbeddedStore, CountsWhatIsSelected) {
  EmbeddedRig rig;
  for (std::uint64_t i = 0; i < 6; ++i) {
    auto const* const server = i % 2 == 0 ? "files" : "github";
    rig.store->put(key_of(i, server, i < 3 ? "a1" : "b2"),
                   answer_of("x", rig.clock.wall(), minutes{i < 5 ? 9 : 1}));
  }
  rig.settle();
  EXPECT_EQ(rig.count({}), 6U);
  EXPECT_EQ(rig.count({"git*", "", "", ""}), 3U);
  EXPECT_EQ(rig.count({"", "resources/*", "", "a1"}), 3U);
  EXPECT_EQ(rig.count({"", "", "file:///4", ""}), 1U);
  EXPECT_EQ(rig.count({"", "", "file:///*", ""}), 0U);
  rig.clock.advance(minutes{1});
  EXPECT_EQ(rig.count({}), 5U);
}

TEST(EmbeddedStore, LeavesTheFolderToWhoeverCameFirst) {
  EmbeddedRig rig;
  rig.put(1, "x");
  rig.settle();
  EmbeddedOptions options(rig.folder.path() / "kept", StoreSecret::from_text(base::Secret("one")), rig.clock);
  options.open_within = kHang;
  EmbeddedStore second(options);
  EXPECT_FALSE(second.status().ready);
  EXPECT_NE(second.status().cause.find("another Weir uses"), std::string::npos) << second.status().cause;
  EXPECT_EQ(second.sequence(), 0U);
  EXPECT_FALSE(rig.loop.wait(second.get(rig.loop, key_of(1))));
  second.invalidate({"files", "", "file:///1", ""}, false);
  rig.close();
  rig.clock.advance(std::chrono::seconds{2});  // the second one tries again
  ASSERT_TRUE(second.settle(kHang));
  EXPECT_TRUE(second.status().ready) << second.status().cause;
  auto const found = rig.loop.wait(second.get(rig.loop, key_of(1)));
  ASSERT_TRUE(found);  // and has not forgotten what it was told meanwhile
  EXPECT_TRUE(found->outdated);
  second.stop(kHang);
  rig.open();
}

TEST(EmbeddedStore, DropsAskersThatAreGoneAndEndsWithQuestionsOpen) {
  EmbeddedRig rig;
  {
    auto dropped = rig.store->get(rig.loop, key_of(1));
    dropped.start();
  }
  auto open = rig.store->get(rig.loop, key_of(2));
  open.start();
  rig.store->stop(kHang);
  rig.store->stop(kHang);
  rig.loop.run_all();
  EXPECT_TRUE(open.done());
  EXPECT_FALSE(rig.loop.wait(rig.store->get(rig.loop, key_of(3))));
}

TEST(EmbeddedStore, ServesSeveralThreadsAtOnce) {
  EmbeddedRig rig;
  std::vector<std::thread> workers;
  for (std::uint64_t w = 0; w < 3; ++w) {
    workers.emplace_back([&rig, w] {
      PostedLoop loop(rig.clock);
      for (std::uint64_t i = 0; i < 200; ++i) {
        auto const text = std::to_string(i);
        rig.store->put(key_of(i, "files", std::to_string(w)), answer_of(text, rig.clock.wall(), hours{1}));
        auto const found = loop.wait(rig.store->get(loop, key_of(i, "files", std::to_string(w))));
        EXPECT_TRUE(!found || found->answer.bytes == text);
        if (i % 50 == 0) rig.store->invalidate({"github", "", "", ""}, false);
        EXPECT_LE(rig.store->status().entries, 600U);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 600U);
}

}  // namespace
}  // namespace weir::store
