#include "app/last_words.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace weir::app {
namespace {

// The writer would write after an hour only.
void say_and_abort() {
  base::SystemClock clock;
  observe::Log::Options options;
  options.flush_every = std::chrono::hours{1};
  observe::Log log(options, clock, {});
  LastWords const words(log);
  log.event(observe::Level::info, "a.b", "the last thing that happened");
  std::abort();
}

TEST(LastWordsDeathTest, WhatWasLoggedIsWrittenBeforeTheProcessAborts) {
  EXPECT_EXIT(say_and_abort(), testing::KilledBySignal(SIGABRT), "the last thing that happened");
}

}  // namespace
}  // namespace weir::app
