// What a running gateway says of the tools it has pinned at /api/v1/tools, read back and shown.
//
// All pure: values → JSON → values → text. Unknown members are ignored. Errors: protocol (not the JSON of a
// gateway).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::app {

struct SuspectTool {
  std::string tool;
  std::string kind;         // "changed", "hidden", "unpinned"
  std::string why;          // end of a sentence about it
  std::string detail;       // lines that show it
  std::string tenant = {};  // whose pin it differs from; "": that of all
  friend bool operator==(SuspectTool const&, SuspectTool const&) = default;
};

struct PinningTenant {
  std::string name;
  std::size_t pinned = 0;
  friend bool operator==(PinningTenant const&, PinningTenant const&) = default;
};

struct PinnedServer {
  std::string name;
  std::string pin;                          // as configured
  std::size_t pinned = 0;                   // for all
  std::size_t suspects = 0;                 // tools
  std::vector<SuspectTool> findings;        // the first of them; one for each pin that a tool differs from
  std::vector<PinningTenant> tenants = {};  // those with pins of their own
  friend bool operator==(PinnedServer const&, PinnedServer const&) = default;
};

std::string pinned_json(std::vector<PinnedServer> const& servers);
base::Result<std::vector<PinnedServer>> read_pinned(std::string_view json);
std::string render_pinned(std::vector<PinnedServer> const& servers);

// What a person types into a shell to accept it, whatever its name is. `tenant` "": for everybody.
std::string accept_command(std::string_view server, std::string_view tool, std::string_view tenant);

}  // namespace weir::app
