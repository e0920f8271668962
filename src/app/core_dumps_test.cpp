#include "app/core_dumps.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::app {
namespace {

// In a child: what is forbidden stays so for the life of a process.
int status_of_child(bool forbid) {
  pid_t const child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;  // as far as this machine allows
    ::setrlimit(RLIMIT_CORE, &limit);
    if (forbid && !forbid_core_dumps()) ::_exit(1);
    ::getrlimit(RLIMIT_CORE, &limit);
    bool const shut = limit.rlim_cur == 0 && limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (forbid && !shut) ::_exit(2);
    ::kill(::getpid(), SIGABRT);
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(CoreDumps, AProcessThatForbidsThemLeavesNone_T58) {
  int const status = status_of_child(true);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT_FALSE(WCOREDUMP(status));
}

}  // namespace
}  // namespace weir::app
