#include "auth/known_tokens.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{1000s};
constexpr base::TimePoint kNow{1000h};

std::shared_ptr<TokenCaller const> caller(base::WallTime until = base::WallTime::max(),
                                          std::uint64_t generation = 1) {
  auto made = std::make_shared<TokenCaller>();
  made->until = until;
  made->generation = generation;
  return made;
}

TEST(KnownTokens, AreFoundByTheWholeTokenOnly_F01) {
  KnownTokens known({}, 1);
  known.keep(token_digest("aaa.bbb.signature"), caller(), kWall, kNow);
  EXPECT_TRUE(known.find(token_digest("aaa.bbb.signature"), 1, kWall, kNow).caller);
  for (char const* const forged : {"xxx.yyy.signature", "aaa.bbx.signature", "aaa.bbb.signaturf",
                                   ".signature", "signature", "", "aaa.bbb.signature "}) {
    EXPECT_FALSE(known.find(token_digest(forged), 1, kWall, kNow).caller) << forged;
  }
}

TEST(KnownTokens, EndWithTheirTokenAndAfterFiveMinutes) {
  KnownTokens known({}, 1);
  known.keep("a", caller(kWall + 10s), kWall, kNow);
  EXPECT_TRUE(known.find("a", 1, kWall + 10s - 1ms, kNow).caller);
  EXPECT_FALSE(known.find("a", 1, kWall + 10s, kNow).caller);
  EXPECT_EQ(known.size(), 0U);
  known.keep("b", caller(), kWall, kNow);
  EXPECT_TRUE(known.find("b", 1, kWall, kNow + 5min - 1ns).caller);
  known.keep("b", caller(), kWall, kNow);
  EXPECT_FALSE(known.find("b", 1, kWall, kNow + 5min).caller);
}

TEST(KnownTokens, EndWithTheKeysThatProvedThem) {
  KnownTokens known({}, 1);
  known.keep("a", caller(), kWall, kNow);
  EXPECT_FALSE(known.find("a", 2, kWall, kNow).caller);
  EXPECT_FALSE(known.find("a", 1, kWall, kNow).caller) << "gone for good";
}

TEST(KnownTokens, LeaveMemoryWithoutBeingAskedFor) {
  KnownTokens known({5min, 10s}, 1);
  for (int i = 0; i < 1000; ++i) known.keep("good" + std::to_string(i), caller(), kWall, kNow);
  for (int i = 0; i < 500; ++i) known.keep_bad("bad" + std::to_string(i), kNow);
  EXPECT_EQ(known.size(), 1500U);
  known.sweep(kWall, kNow + 10s);
  EXPECT_EQ(known.size(), 1000U);
  known.sweep(kWall, kNow + 5min);
  EXPECT_EQ(known.size(), 0U);
}

TEST(KnownTokens, LeaveMemoryWhenTheirTokenEndsThoughTheVerdictWouldHold_R011) {
  KnownTokens known({5min, 10s}, 1);
  auto kept = caller(kWall + 10s);
  std::weak_ptr<TokenCaller const> const watched = kept;
  known.keep("a", std::move(kept), kWall, kNow);
  known.keep("b", caller(kWall + 20s), kWall, kNow);
  known.keep("longer", caller(kWall + 10min), kWall, kNow);
  known.sweep(kWall + 10s - 1ms, kNow + 10s);
  EXPECT_FALSE(watched.expired());
  known.sweep(kWall + 10s, kNow + 10s);
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(known.find("b", 1, kWall + 10s, kNow + 10s).caller);
  known.keep("b", caller(kWall + 60s), kWall, kNow + 15s);  // a later verdict on the same token
  known.sweep(kWall + 20s, kNow + 20s);
  EXPECT_TRUE(known.find("b", 1, kWall + 20s, kNow + 20s).caller) << "the end of an entry that was replaced";
  EXPECT_EQ(known.size(), 2U);
}

TEST(KnownTokens, AsManyEndsAsTwiceTheEntriesAreSeenToAndNoMore_R011) {
  KnownTokens known({5min, 10s}, 1);
  for (std::size_t i = 0; i < 2 * KnownTokens::kEntriesMax - 1; ++i) {  // one token, proven again and again
    known.keep("busy", caller(kWall + 10s), kWall, kNow);
  }
  known.keep("last", caller(kWall + 10s), kWall, kNow);
  known.keep("one too many", caller(kWall + 10s), kWall, kNow);
  EXPECT_EQ(known.size(), 3U);
  known.sweep(kWall + 10s, kNow + 10s);
  EXPECT_EQ(known.size(), 1U);
  EXPECT_FALSE(known.find("last", 1, kWall, kNow).caller);
  known.sweep(kWall + 10s, kNow + 5min);
  EXPECT_EQ(known.size(), 0U) << "it goes with its verdict";
}

TEST(KnownTokens, AreBoundedAndStrangersPushOutNobody) {
  KnownTokens known({5min, 10s}, 1);
  known.keep("mine", caller(), kWall, kNow);
  for (int i = 0; i < 20'000; ++i) known.keep_bad("bad" + std::to_string(i), kNow);
  EXPECT_LE(known.size(), KnownTokens::kBadMax + 1);
  EXPECT_TRUE(known.find("mine", 1, kWall, kNow).caller);
  for (std::size_t i = 0; i < 2 * KnownTokens::kEntriesMax; ++i) {
    known.keep("good" + std::to_string(i), caller(), kWall, kNow);
    ASSERT_LE(known.size(), KnownTokens::kEntriesMax + KnownTokens::kBadMax);
  }
}

TEST(KnownTokens, ARefusalIsRememberedOnlyWhereThatIsWanted) {
  KnownTokens remembering({60s, 10s}, 1);
  remembering.keep_bad("a", kNow);
  EXPECT_TRUE(remembering.find("a", 0, kWall, kNow + 10s - 1ns).bad);
  EXPECT_FALSE(remembering.find("a", 0, kWall, kNow + 10s).bad);
  KnownTokens forgetting({}, 1);
  forgetting.keep_bad("a", kNow);
  EXPECT_FALSE(forgetting.find("a", 0, kWall, kNow).bad);
}

}  // namespace
}  // namespace weir::auth
