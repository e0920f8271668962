// load(): sources → Settings, with every problem found on the way. check(): the same, as a report.
//
// Order of strength: flag > environment variable > file (later files win; maps are merged, other values
// replaced) > default. A server named in two of our own files is an error; client files follow
// client_files.hpp. A server with a reference that is unset, or a secret of which nothing can be made, is
// kept, marked unusable; nothing else suffers from it.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "config/client_files.hpp"
#include "config/environment.hpp"
#include "config/node.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

namespace weir::config {

// A value from the command line. path is dotted ("listeners.0.bind"); text is YAML.
struct Flag {
  std::string name;  // as typed: "--listen"
  std::string path;
  std::string text;
};

struct Sources {
  std::vector<std::string> files;        // our own, weakest first; see find_files()
  std::vector<ClientFile> client_files;  // already consented to, first one wins a name
  std::vector<Flag> flags;
  bool insecure = false;  // lets a public listener go without auth
  bool strict = false;    // check(): warnings are failures
  bool starting = false;  // the gateway is to run with it: protections that are not in effect are problems
  // Looks at what configuration itself does not understand: files of certificates. Adds problems only.
  std::function<void(Settings const&, Problems&)> inspect = {};
};

// Where one key's value came from.
struct KeyOrigin {
  std::string path;    // "shutdown.drain"
  std::string text;    // as written; references are not expanded, evident credentials are ***
  std::string origin;  // "weir.yaml:14:5", "command line:1:10", "environment:1:13"
};

struct Loaded {
  Settings settings;
  Node tree;  // merged, for origins()
};

// `--config`, else $WEIR_CONFIG, else ./weir.yaml, else the user's, else /etc/weir/weir.yaml (+
// conf.d/*.yaml). Empty when there is none. A file asked for by name is returned whether it exists or not.
std::vector<std::string> find_files(std::string_view flag_config, Environment const& environment);

Loaded load(Sources const& sources, Environment const& environment, Problems& problems);
std::vector<KeyOrigin> origins(Node const& tree);  // every key that some source set, sorted by path

struct CheckReport {
  std::vector<Problem> problems;  // sorted
  Settings settings;
  Node tree;
  int exit_code = 0;  // 0, 78 for errors (and warnings with strict), 66 if a file asked for is missing
};
CheckReport check(Sources const& sources, Environment const& environment);

}  // namespace weir::config
