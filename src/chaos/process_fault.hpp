// ProcessFault: kill and stop of a server that a gateway of this run started as its child (stdio).
//
// Finds the program below the gateway by its command line; a gateway's child lives in a process group of its
// own under a supervisor, and the whole group is hit. Signals nothing else: pids are looked up anew each
// time, below a gateway that the caller started and still holds. One thread. What was stopped goes on again
// at the latest when this is destroyed.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace weir::chaos {

class ProcessFault {
 public:
  // `command`: the program and its arguments, as configured.
  ProcessFault(int gateway_pid, std::vector<std::string> command);
  ProcessFault(ProcessFault const&) = delete;
  ProcessFault& operator=(ProcessFault const&) = delete;
  ~ProcessFault() { go_on(); }

  // False: no such process now.
  bool kill();
  bool stop();
  void go_on();

 private:
  std::vector<int> groups() const;

  int gateway_;
  std::vector<std::string> command_;
  std::set<int> stopped_;
};

}  // namespace weir::chaos
