#include "app/sources.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace weir::app {
namespace {

constexpr int kExitNoInput = 66;
constexpr int kExitDenied = 77;

bool on_a_terminal() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0; }

bool ask(config::ClientFile const& file) {
  fmt::print(stderr, "{} can start programs on this machine. Use it? [y/N] ", file.shown);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// Project files may be somebody else's: each content is agreed to once.
int take_consent(std::vector<config::ClientFile>& files, bool trust, config::Environment& environment) {
  auto store = config::load_trust(environment);
  bool remembered = false;
  for (auto const& file : files) {
    std::string const hash = config::content_hash(file.text);
    if (!file.project || !store.needs_consent(file.path, hash)) continue;
    if (!trust && !on_a_terminal()) {
      fmt::print(stderr,
                 "error: {} can start programs on this machine and nobody has agreed to it yet\n"
                 "  = fix: read it, then run `weir run --trust` here, or `weir run --from {}`\n",
                 file.path, file.shown);
      return kExitDenied;
    }
    if (!trust && !ask(file)) return kExitDenied;
    store.remember(file.path, hash);
    remembered = true;
  }
  if (remembered) {
    if (auto saved = config::save_trust(store, environment); !saved) {
      fmt::print(stderr, "warning: consent could not be saved: {}\n", saved.error().detail);
    }
  }
  return 0;
}

}  // namespace

int find_sources(RunRequest const& request, config::Environment& environment, FoundSources& found) {
  auto& sources = found.sources;
  sources.insecure = request.insecure;
  if (!request.listen.empty()) sources.flags.push_back({"--listen", "listeners.0.bind", request.listen});
  if (!request.admin.empty()) sources.flags.push_back({"--admin", "admin.bind", request.admin});
  for (auto const& path : request.from) sources.client_files.push_back(config::named_file(path, environment));
  for (auto const& file : sources.client_files) {
    if (file.failure.empty()) continue;
    fmt::print(stderr, "error: {}: {}\n", file.shown, file.failure);
    return kExitNoInput;
  }
  if (!request.from.empty() && request.file.empty()) {
    found.heading = "servers from " + sources.client_files.front().shown;
    return 0;
  }
  sources.files = config::find_files(request.file, environment);
  if (!request.file.empty() && !environment.exists(sources.files.front())) {
    fmt::print(stderr, "error: {} does not exist\n", request.file);
    return kExitNoInput;
  }
  if (!sources.files.empty()) {
    found.heading = sources.files.front();
    return 0;
  }
  sources.client_files = config::discover(environment);
  found.heading = sources.client_files.empty() ? "no weir.yaml and no client configs here"
                                               : "no weir.yaml here; using client configs";
  return take_consent(sources.client_files, request.trust, environment);
}

}  // namespace weir::app
