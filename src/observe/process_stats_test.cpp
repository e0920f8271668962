#include "observe/process_stats.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace weir::observe {
namespace {

constexpr ProcUnits kUnits{100, 4096, 1000};

TEST(ProcessStats, ReadsTheFieldsOfProcStatWhateverTheProgramIsCalled) {
  std::string const fields =
      " S 1 1 1 0 -1 4194560 5 0 0 0 250 150 9 9 20 0 7 0 12345 8192000 50 18446744073709551615 1";
  for (std::string const name : {"(weir)", "(we) ir)", "(a b) S 1 (c)"}) {
    auto const stats = parse_proc_stat("4242 " + name + fields, kUnits);
    EXPECT_DOUBLE_EQ(stats.cpu_seconds, 4.0) << name;
    EXPECT_DOUBLE_EQ(stats.threads, 7) << name;
    EXPECT_DOUBLE_EQ(stats.start_seconds, 1123.45) << name;
    EXPECT_DOUBLE_EQ(stats.virtual_bytes, 8192000) << name;
    EXPECT_DOUBLE_EQ(stats.resident_bytes, 50 * 4096) << name;
  }
}

TEST(ProcessStats, ShortOrStrangeLinesReadAsZero) {
  for (std::string const line :
       {"", "4242", "4242 (weir", "4242 (weir) S 1 1", "x (y) z z z z z z z z z z z z z z"}) {
    auto const stats = parse_proc_stat(line, kUnits);
    EXPECT_EQ(stats.resident_bytes, 0) << line;
    EXPECT_EQ(stats.cpu_seconds, 0) << line;
  }
}

TEST(ProcessStats, OfThisProcessAreAliveAndCountDescriptorsExactly) {
  auto const before = read_process_stats();
  int const fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto const after = read_process_stats();
  ::close(fd);
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
  EXPECT_GT(before.resident_bytes, 1 << 20);
  EXPECT_GT(before.virtual_bytes, before.resident_bytes);
  EXPECT_GE(before.threads, 1);
  EXPECT_GE(before.max_fds, before.open_fds);
  EXPECT_GT(before.start_seconds, 1.5e9);
}

TEST(ProcessStats, ResidentMemoryOfAnotherProcessIsReadAndOfNoneIsZero) {
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  pid_t const other = ::fork();
  if (other == 0) {
    ::close(said[1]);
    char byte = 0;
    ::_exit(static_cast<int>(::read(said[0], &byte, 1)));  // until this end is closed
  }
  ::close(said[0]);
  EXPECT_GT(resident_bytes_of(other), 4096);
  ::close(said[1]);
  ::waitpid(other, nullptr, 0);
  for (int const none : {other, 0, -1}) EXPECT_EQ(resident_bytes_of(none), 0) << none;
}

}  // namespace
}  // namespace weir::observe
