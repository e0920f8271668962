// child_supervisor: the small process between Weir and a server program, so that no program outlives Weir.
//
// `npx -y server` is a tree (npx, sh, node); the kernel's parent-death signal reaches only its root. So Weir
// runs itself again under a hidden verb; that process starts the program in a process group of its own,
// adopts what its children leave behind (child subreaper), and holds one end of a pipe, the lifeline, whose
// other end only Weir holds. When the lifeline ends, for whatever reason, SIGKILL of Weir included, or when
// the program exits, it kills every process that is left and then ends the same way the program did. SIGTERM,
// SIGINT and SIGHUP are passed on to the group. main() must call this before anything else if argv[1] is
// kSupervisorVerb. It never returns.
#pragma once

#include <string_view>

namespace weir::upstream {

inline constexpr std::string_view kSupervisorVerb = "__child";
inline constexpr int kLifelineFd = 3;
inline constexpr int kReportFd = 4;

// What is written to kReportFd, in any order: by the supervisor the program's group; by a program that cannot
// be started, why: its folder, or the program itself.
struct ChildReport {
  int group = 0;
  int exec_errno = 0;
  int folder_errno = 0;
};

// argv: weir __child <working directory or ""> <where to look for the program, as in PATH> <program>
// [arguments…]
[[noreturn]] void run_child_supervisor(int argc, char** argv);

}  // namespace weir::upstream
