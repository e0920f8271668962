#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "oauth/refresh_book.hpp"
#include "oauth/token_cache.hpp"

// What several workers use at once. Meant for the thread sanitizer; the counts must be exact in any build.
namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 4;

template <class Work>
void on_threads(Work const& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
}

TokenKey key_of(std::uint64_t number) {
  TokenKey key;
  std::memcpy(key.bytes.data(), &number, sizeof number);
  return key;
}

TEST(TokenCacheThreads, TheCapHoldsAndEveryTokenIsCountedOnce_R007) {
  base::TimePoint const now{1000h};
  TokenCache cache({200, 300s}, now);
  std::atomic<bool> over{false};
  std::atomic<int> renewals{0};
  cache.keep(key_of(7), {}, std::make_shared<base::Secret const>(base::Secret("x")), {now + 2h, now}, now);
  on_threads([&](int thread) {
    if (cache.find(key_of(7), now + 1s).renew) ++renewals;
    for (std::uint64_t i = 0; i < 5000; ++i) {
      auto const key = key_of(1000 + i % 700);
      auto const at = now + std::chrono::milliseconds{i};
      auto const found = cache.find(key, at);
      if (!found.token) {
        auto value = std::make_shared<base::Secret const>(base::Secret("t"));
        cache.keep(key, {std::to_string(i % 3), key_of(i % 5)}, std::move(value), {at + 1s, at + 800ms}, at);
      } else if (i % 50 == 0) {
        cache.drop(key, found.token);
      }
      if (i % 100 == 0) cache.expire(at, 16);
      if (i % 1000 == 0) cache.drop_subject(key_of(static_cast<std::uint64_t>(thread)));
      if (cache.size() > 200) over = true;
    }
  });
  EXPECT_FALSE(over);
  EXPECT_LE(renewals, 1);
  auto const stats = cache.stats();
  // A token that came under a key that had one replaced it: those are not counted as leaving.
  EXPECT_GE(stats.stored, stats.evicted() + stats.expired + stats.dropped + stats.revoked + stats.entries);
}

TEST(TokenCacheThreads, ARefreshChainIsOneForAll) {
  RefreshBook book;
  base::Secret const begun("r-0");
  on_threads([&](int) {
    for (int i = 0; i < 1000; ++i) {
      auto const now = book.current("s", begun, "");
      EXPECT_TRUE(now.reveal() == "r-0" || now.reveal() == "r-1");
      EXPECT_TRUE(book.renewed("s", begun, "", base::Secret("r-1")));
    }
  });
  EXPECT_EQ(book.current("s", begun, "").reveal(), "r-1");
}

}  // namespace
}  // namespace weir::oauth
