#include "base/say.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace weir::base {
namespace {

// stderr is another file until the end of the block.
class Instead {
 public:
  explicit Instead(int fd) : kept_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
  ~Instead() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  Instead(Instead const&) = delete;
  Instead& operator=(Instead const&) = delete;

 private:
  int kept_;
};

TEST(Say, WritesTheTextToStderr) {
  testing::internal::CaptureStderr();
  say("error: {} of {}\n", 2, "three");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: 2 of three\n");
}

TEST(Say, AFullDiskIsNobodysFailure) {
  int const full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  {
    Instead const stderr_is(full);
    EXPECT_NO_THROW(say("error: {}\n", std::string(100'000, 'x')));
    EXPECT_EQ(std::ferror(stderr), 0);
  }
  ::close(full);
  testing::internal::CaptureStderr();
  say("again\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "again\n");
}

TEST(Say, NorIsAReaderThatHasGone) {
  auto const before = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  {
    Instead const stderr_is(ends[1]);
    EXPECT_NO_THROW(say("warning: {}\n", "nobody reads"));
  }
  ::close(ends[1]);
  std::signal(SIGPIPE, before);
}

TEST(Say, NothingIsLeftThatWouldFailAtTheEnd) {
  auto* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  say_on(full, "a table\n");
  EXPECT_EQ(std::ferror(full), 0);
  EXPECT_EQ(std::fflush(full), 0);
  std::fclose(full);
}

}  // namespace
}  // namespace weir::base
