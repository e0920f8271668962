// Where `weir run` and `weir check` read from: our own files, or the client files that exist.
//
// Whoever starts something from what was found asks for consent first: a project's files may be somebody
// else's.
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace weir::app {

struct SourceRequest {
  std::string file;               // "" = look for one
  std::vector<std::string> from;  // client files; naming one is consent
  std::string listen;             // "" = as configured
  std::string admin;
  std::string log_level;
  std::string log_format;
  bool insecure = false;  // allow a public address without authentication
};

struct FoundSources {
  config::Sources sources;
  std::string heading;  // "weir.yaml", or "no weir.yaml here; using client configs"
  std::string name;     // of what is checked: "weir.yaml", ".mcp.json, ~/.claude.json"
  std::string flags;    // what other commands need to find the same gateway: " --config x.yaml"
};

// 0, or 66: a client file that was named cannot be read. A missing file of our own is reported by load().
int find_sources(SourceRequest const& request, config::Environment const& environment, FoundSources& found);

// 0, or 77: a project's file that nobody has agreed to. Asks on a terminal only; remembers by content, in
// `store` and on disk.
int take_consent(FoundSources const& found, bool trust, config::TrustStore& store,
                 config::Environment& environment);

// The first project file whose content is not in `store`; null if there is none.
config::ClientFile const* without_consent(FoundSources const& found, config::TrustStore const& store);

}  // namespace weir::app
