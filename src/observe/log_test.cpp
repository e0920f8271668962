#include "observe/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace weir::observe {
namespace {

using namespace std::chrono_literals;

// Read by the writer's thread, moved by the test's.
struct TestClock final : base::Clock {
  std::atomic<base::TimePoint> at{base::TimePoint{1000h}};
  base::TimePoint now() const noexcept override { return at; }
  base::WallTime wall() const noexcept override {
    return base::WallTime{std::chrono::milliseconds{1'785'242'096'789}};
  }
  void advance(base::Duration by) { at = at.load() + by; }
};

// The reading end does not block; what is in the pipe is what has been written.
struct LogTest : testing::Test {
  LogTest() {
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    options.fd = ends[1];
  }
  ~LogTest() override {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  std::string read_all() const {
    std::string text;
    std::vector<char> chunk(65536);
    for (ssize_t n = 0; (n = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
      text.append(chunk.data(), static_cast<std::size_t>(n));
    return text;
  }
  static std::size_t lines_in(std::string const& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  int ends[2] = {-1, -1};
  Log::Options options;
  TestClock clock;
};

TEST_F(LogTest, OtherTextsAreMaskedAsItsLinesAre) {
  auto const mask_of = [](std::string secret) {
    return [secret](std::string& text) {
      if (auto const at = text.find(secret); at != std::string::npos) text.replace(at, secret.size(), "***");
    };
  };
  Log log(options, clock, mask_of("s3cret"));
  auto const masked = [&log](std::string text) {
    log.mask(text);
    return text;
  };
  EXPECT_EQ(masked("bad token s3cret"), "bad token ***");
  log.reconfigure(Level::info, mask_of("an0ther"));
  EXPECT_EQ(masked("s3cret or an0ther"), "s3cret or ***");
  log.reconfigure(Level::info, {});
  EXPECT_EQ(masked("an0ther"), "an0ther");
}

TEST_F(LogTest, LevelAndMaskChangeFromTheNextLineOn) {
  Log log(options, clock, {});
  log.event(Level::debug, "a", "unseen");
  log.event(Level::info, "a", "key is s3cret");
  log.reconfigure(Level::debug, [](std::string& text) {
    if (auto const at = text.find("s3cret"); at != std::string::npos) text.replace(at, 6, "***");
  });
  log.event(Level::debug, "a", "now key is s3cret");
  log.reconfigure(Level::error, {});
  log.event(Level::warn, "a", "unseen too");
  log.flush();
  auto const text = read_all();
  EXPECT_NE(text.find("\"key is s3cret\""), std::string::npos);
  EXPECT_NE(text.find("\"now key is ***\""), std::string::npos);
  EXPECT_EQ(text.find("unseen"), std::string::npos);
}

TEST_F(LogTest, AFlushedLineHasReachedTheDescriptor) {
  Log log(options, clock, {});
  log.event(Level::info, "weir.ready", "2 servers", {{Key::server, "github"}});
  log.flush();
  EXPECT_EQ(read_all(), R"({"ts":"2026-07-28T12:34:56.789Z","level":"info","event":"weir.ready",)"
                        R"("msg":"2 servers","server":"github"})"
                        "\n");
  log.flush();
  EXPECT_EQ(read_all(), "");
}

// Hangs where nobody writes.
TEST_F(LogTest, LinesReachTheDescriptorWithoutAFlush) {
  options.flush_every = 1ms;
  Log log(options, clock, {});
  log.event(Level::info, "a", "b");
  while (read_all().empty()) std::this_thread::yield();
}

TEST_F(LogTest, AHalfFullBufferIsWrittenBeforeItsTime) {
  options.flush_every = 1h;
  options.buffer_bytes = 64 * 1024;
  Log log(options, clock, {});
  AccessLine call;
  std::string const tool(180, 't');
  call.tool = tool;
  std::string text;
  for (int i = 0; i < 100; ++i) log.access(call);  // more than half of the 48 KiB for such lines
  while (text.empty()) {
    text = read_all();
    std::this_thread::yield();
  }
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(LogTest, LinesBelowTheLevelAreNotMade) {
  options.level = Level::warn;
  Log log(options, clock, [](std::string&) { FAIL() << "an unwanted line was made"; });
  EXPECT_FALSE(log.wants(Level::info));
  EXPECT_TRUE(log.wants(Level::warn));
  log.event(Level::info, "a", "b");
  AccessLine line;
  line.client = "c";
  log.access(line);
  log.flush();
  EXPECT_EQ(read_all(), "");
}

TEST_F(LogTest, TheEndOfTheLogWritesWhatIsLeft) {
  {
    Log log(options, clock, {});
    for (int i = 0; i < 50; ++i) log.event(Level::info, "a", std::to_string(i));
    log.event(Level::info, "a", "49");
  }
  auto const text = read_all();
  EXPECT_EQ(lines_in(text), 51U);
  EXPECT_NE(text.find("(×1 in 10 s) 49"), std::string::npos);
}

TEST_F(LogTest, RepeatsAreFoldedButCallsAreNot) {
  Log log(options, clock, {});
  for (int i = 0; i < 313; ++i)
    log.event(Level::warn, "upstream.exit", "gone", {{Key::server, "github"}, {Key::attempt, i}});
  AccessLine call;
  call.method = "ping";
  log.access(call);
  log.access(call);
  log.flush();
  EXPECT_EQ(lines_in(read_all()), 3U);
  clock.advance(10s);
  log.flush();
  auto const text = read_all();
  EXPECT_EQ(lines_in(text), 1U);
  EXPECT_NE(text.find(R"("msg":"(×312 in 10 s) gone","server":"github")"), std::string::npos) << text;
}

TEST_F(LogTest, WhatCannotBeWrittenFastEnoughIsDroppedAndReported) {
  ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  options.buffer_bytes = 64 * 1024;
  AccessLine call;
  call.method = "tools/call";
  std::string const tool(150, 't');
  call.tool = tool;
  Log log(options, clock, {});
  for (int i = 0; i < 4000; ++i) log.access(call);  // returns although nobody reads
  log.event(Level::error, "upstream.exit", "the cause");
  EXPECT_GT(log.dropped(), 2000U);
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  std::string text;
  auto const seen = [&text](char const* what) { return text.find(what) != std::string::npos; };
  while (!seen("the cause") || !seen("log lines were dropped"))
    text += read_all();  // errors survive a flood of calls
}

TEST_F(LogTest, AReaderWhoIsGoneHurtsNobody) {
  ::signal(SIGPIPE, SIG_IGN);
  ::close(std::exchange(ends[0], ::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  Log log(options, clock, {});
  log.event(Level::info, "a", "b");
  log.flush();
  EXPECT_EQ(log.dropped(), 1U);
}

TEST_F(LogTest, ADyingProcessWritesWhatItCan) {
  options.flush_every = 1h;
  pid_t const child = ::fork();
  if (child == 0) {
    Log log(options, clock, {});
    for (int i = 0; i < 10; ++i) log.event(Level::error, "weir.bug", std::to_string(i));
    log.flush_dying();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(lines_in(read_all()), 10U);
}

TEST_F(LogTest, EightThreadsLoseAndTearNoLine) {
  constexpr int kThreads = 8;
  constexpr int kLines = 500;
  Log log(options, clock, [](std::string&) {});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < kLines; ++i) {
        std::string const id = std::to_string(t) + "-" + std::to_string(i);
        AccessLine call;
        call.request_id = id;
        call.method = "ping";
        log.access(call);
        if (i % 100 == 0) log.event(Level::warn, "test.step", id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  log.flush();
  auto const text = read_all();
  EXPECT_EQ(lines_in(text), static_cast<std::size_t>(kThreads * (kLines + kLines / 100)));
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    ASSERT_EQ(text.substr(at, 7), R"({"ts":")");
    ASSERT_EQ(text[end - 1], '}');
    at = end + 1;
  }
  EXPECT_EQ(log.dropped(), 0U);
}

}  // namespace
}  // namespace weir::observe
