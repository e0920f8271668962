// `weir chaos`: the user's servers under faults, through a gateway of its own, and a report.
//
// Exit codes: 0 every promise was kept, 1 one was not, 64…78 as for the other commands (exit_codes.hpp).
// Blocks; one thread, made before any other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/sources.hpp"

namespace weir::app {

struct ChaosRequest {
  SourceRequest sources;
  std::vector<std::string> servers;
  std::string faults = "20%";
  std::string script;                 // a file; "" for none
  std::optional<std::uint64_t> seed;  // none: by chance
  std::string tool;                   // name, or server.name
  std::string args = "{}";
  std::uint64_t calls = 1000;
  std::size_t concurrency = 16;
  unsigned minutes = 10;
  std::string useful;  // share; "" for the default
  bool json = false;
  bool trust = false;
};

int chaos_command(ChaosRequest const& request, config::Environment& environment);

}  // namespace weir::app
