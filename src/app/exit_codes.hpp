// What a command's exit code says, for scripts and service managers.
//
// 0 is success. Codes from 64 on are those of sysexits. Constants, any thread.
#pragma once

namespace weir::app {

inline constexpr int kExitOk = 0;
inline constexpr int kExitBad = 1;           // what was asked about is bad: a tool's error, a server down
inline constexpr int kExitUsage = 64;        // the command line
inline constexpr int kExitData = 65;         // arguments of a call
inline constexpr int kExitNoInput = 66;      // a file that was named is missing
inline constexpr int kExitUnavailable = 69;  // no gateway, no server, a port that is taken
inline constexpr int kExitSoftware = 70;     // our own failure
inline constexpr int kExitCannotWrite = 73;  // what was printed did not get where it should
inline constexpr int kExitTryLater = 75;     // busy, starting, or too slow
inline constexpr int kExitDenied = 77;       // not agreed to, or not allowed
inline constexpr int kExitConfig = 78;

}  // namespace weir::app
