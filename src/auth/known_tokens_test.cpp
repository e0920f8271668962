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
  known.keep(token_digest("aaa.bbb.signature"), caller(), kNow);
  EXPECT_TRUE(known.find(token_digest("aaa.bbb.signature"), 1, kWall, kNow).caller);
  for (char const* const forged : {"xxx.yyy.signature", "aaa.bbx.signature", "aaa.bbb.signaturf",
                                   ".signature", "signature", "", "aaa.bbb.signature "}) {
    EXPECT_FALSE(known.find(token_digest(forged), 1, kWall, kNow).caller) << forged;
  }
}

TEST(KnownTokens, EndWithTheirTokenAndAfterFiveMinutes) {
  KnownTokens known({}, 1);
  known.keep("a", caller(kWall + 10s), kNow);
  EXPECT_TRUE(known.find("a", 1, kWall + 10s - 1ms, kNow).caller);
  EXPECT_FALSE(known.find("a", 1, kWall + 10s, kNow).caller);
  EXPECT_EQ(known.size(), 0U);
  known.keep("b", caller(), kNow);
  EXPECT_TRUE(known.find("b", 1, kWall, kNow + 5min - 1ns).caller);
  known.keep("b", caller(), kNow);
  EXPECT_FALSE(known.find("b", 1, kWall, kNow + 5min).caller);
}

TEST(KnownTokens, EndWithTheKeysThatProvedThem) {
  KnownTokens known({}, 1);
  known.keep("a", caller(), kNow);
  EXPECT_FALSE(known.find("a", 2, kWall, kNow).caller);
  EXPECT_FALSE(known.find("a", 1, kWall, kNow).caller) << "gone for good";
}

TEST(KnownTokens, LeaveMemoryWithoutBeingAskedFor) {
  KnownTokens known({5min, 10s}, 1);
  for (int i = 0; i < 1000; ++i) known.keep("good" + std::to_string(i), caller(), kNow);
  for (int i = 0; i < 500; ++i) known.keep_bad("bad" + std::to_string(i), kNow);
  EXPECT_EQ(known.size(), 1500U);
  known.sweep(kNow + 10s);
  EXPECT_EQ(known.size(), 1000U);
  known.sweep(kNow + 5min);
  EXPECT_EQ(known.size(), 0U);
}

TEST(KnownTokens, AreBoundedAndStrangersPushOutNobody) {
  KnownTokens known({5min, 10s}, 1);
  known.keep("mine", caller(), kNow);
  for (int i = 0; i < 20'000; ++i) known.keep_bad("bad" + std::to_string(i), kNow);
  EXPECT_LE(known.size(), KnownTokens::kBadMax + 1);
  EXPECT_TRUE(known.find("mine", 1, kWall, kNow).caller);
  for (std::size_t i = 0; i < 2 * KnownTokens::kEntriesMax; ++i) {
    known.keep("good" + std::to_string(i), caller(), kNow);
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
