// ProcessStats: what the kernel says of this process, for the process_* metrics, and of servers' programs.
// Linux /proc; see proc(5).
//
// Read at each scrape, on the scraping thread. What cannot be read stays 0.
#pragma once

#include <string_view>

namespace weir::observe {

struct ProcessStats {
  double cpu_seconds = 0;
  double start_seconds = 0;  // since 1970
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
  double threads = 0;
};

struct ProcUnits {
  double ticks_per_second;
  double page_bytes;
  double boot_seconds;  // since 1970
};

// The line of /proc/self/stat. The second field is the program's name and may hold anything, even `) `.
ProcessStats parse_proc_stat(std::string_view line, ProcUnits const& units) noexcept;

ProcessStats read_process_stats();

// Of another process; 0 when there is none, or it may not be looked at.
double resident_bytes_of(int pid);

}  // namespace weir::observe
