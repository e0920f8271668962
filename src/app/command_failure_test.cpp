#include "app/command_failure.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "app/exit_codes.hpp"

namespace weir::app {
namespace {

// What `written` says on stderr, and gives, for `out` with `text` in its buffer. Closes it.
std::string end_of(std::FILE* out, std::string const& text, int code) {
  testing::internal::CaptureStderr();  // flushes everything
  std::fputs(text.c_str(), out);
  int const end = written(out, code);
  std::fclose(out);
  return std::to_string(end) + " " + testing::internal::GetCapturedStderr();
}

TEST(CommandFailure, WhatCouldNotBeWrittenIsNoSuccess) {
  EXPECT_EQ(end_of(std::tmpfile(), "text", kExitOk), "0 ");
  EXPECT_EQ(end_of(std::fopen("/dev/full", "w"), "", kExitBad), "1 ");
  auto const full = "73 error: the output could not be written: No space left on device\n";
  EXPECT_EQ(end_of(std::fopen("/dev/full", "w"), "text", kExitOk), full);
  EXPECT_EQ(end_of(std::fopen("/dev/full", "w"), "text", kExitBad), full);
}

TEST(CommandFailure, WhatWasLostEarlierCountsAsWell) {
  auto* const out = std::fopen("/dev/full", "w");
  std::fputs("text", out);
  EXPECT_NE(std::fflush(out), 0);
  EXPECT_TRUE(end_of(out, "", kExitOk).starts_with("73 error: the output could not be written"));
}

TEST(CommandFailure, AReaderWhoHasGoneIsToldNothing) {
  auto const before = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(end_of(::fdopen(ends[1], "w"), "text", kExitOk), "73 ");
  std::signal(SIGPIPE, before);
}

TEST(CommandFailure, AKeyThatIsRefusedIsNotAskedForAsIfThereWereNone) {
  net::Url admin;
  admin.authority = "127.0.0.1:6271";
  auto const said = [&](GatewayAnswer const& answer) {
    testing::internal::CaptureStderr();
    int const code = unheard(admin, answer);
    return std::to_string(code) + " " + testing::internal::GetCapturedStderr();
  };
  GatewayAnswer answer;
  answer.status = 401;
  EXPECT_EQ(said(answer),
            "77 error: the gateway at 127.0.0.1:6271 wants a key\n  = fix: export WEIR_KEY=…\n");
  answer.keyed = true;
  EXPECT_EQ(said(answer),
            "77 error: the gateway at 127.0.0.1:6271 does not take the key in WEIR_KEY\n"
            "  = fix: export WEIR_KEY=… with one that it takes\n");
  answer.status = 200;
  EXPECT_EQ(said(answer), "0 ");
}

}  // namespace
}  // namespace weir::app
