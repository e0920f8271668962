#include "app/sources.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "app/exit_codes.hpp"
#include "app/state_folder.hpp"
#include "app/tls_files.hpp"
#include "base/say.hpp"

namespace weir::app {
namespace {

bool on_a_terminal() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0; }

bool ask(config::ClientFile const& file) {
  base::say("{} can start programs on this machine. Use it? [y/N] ", file.shown);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::string names_of(std::vector<config::ClientFile> const& files) {
  std::string names;
  for (auto const& file : files) names += (names.empty() ? "" : ", ") + file.shown;
  return names;
}

}  // namespace

config::ClientFile const* without_consent(FoundSources const& found, config::TrustStore const& store) {
  for (auto const& file : found.sources.client_files) {
    bool const asks = file.project && !file.named;
    if (asks && store.needs_consent(file.path, config::content_hash(file.text))) return &file;
  }
  return nullptr;
}

int take_consent(FoundSources const& found, bool trust, config::TrustStore& store,
                 config::Environment& environment) {
  bool remembered = false;
  while (auto const* const file = without_consent(found, store)) {
    if (!trust && !on_a_terminal()) {
      base::say(
          "error: {} can start programs on this machine and nobody has agreed to it yet\n"
          "  = fix: read it, then run `weir run --trust` here, or `weir run --from {}`\n",
          file->path, file->shown);
      return kExitDenied;
    }
    if (!trust && !ask(*file)) return kExitDenied;
    store.remember(file->path, config::content_hash(file->text));
    remembered = true;
  }
  if (remembered) {
    if (auto saved = config::save_trust(store, environment); !saved) {
      base::say("warning: {}\n", unwritable_words(state_folder(environment), saved.error().detail,
                                                  "your consent is not kept and will be asked for again"));
    }
  }
  return kExitOk;
}

int find_sources(SourceRequest const& request, config::Environment const& environment, FoundSources& found) {
  auto& sources = found.sources;
  sources.insecure = request.insecure;
  sources.inspect = [&environment](config::Settings const& settings, config::Problems& problems) {
    inspect_tls(settings, environment, base::SystemClock{}.wall(), problems);
  };
  if (!request.listen.empty()) sources.flags.push_back({"--listen", "listeners.0.bind", request.listen});
  if (!request.log_level.empty())
    sources.flags.push_back({"--log-level", "observability.log.level", request.log_level});
  if (!request.log_format.empty())
    sources.flags.push_back({"--log-format", "observability.log.format", request.log_format});
  if (!request.admin.empty()) {
    sources.flags.push_back({"--admin", "admin.bind", request.admin});
    found.flags = " --admin " + request.admin;
  } else if (!request.file.empty()) {
    found.flags = " --config " + request.file;
  }
  for (auto const& path : request.from) sources.client_files.push_back(config::named_file(path, environment));
  for (auto const& file : sources.client_files) {
    if (file.failure.empty()) continue;
    base::say("error: {}: {}\n", file.shown, file.failure);
    return kExitNoInput;
  }
  bool const only_named = !request.from.empty() && request.file.empty();
  if (!only_named) sources.files = config::find_files(request.file, environment);
  if (!sources.files.empty()) {
    found.heading = found.name = sources.files.front();
    return kExitOk;
  }
  if (!only_named) sources.client_files = config::discover(environment);
  bool const none = sources.client_files.empty();
  found.name = none ? "no weir.yaml and no client configs here" : names_of(sources.client_files);
  found.heading = only_named ? "servers from " + found.name
                  : none     ? found.name
                             : "no weir.yaml here; using client configs";
  return kExitOk;
}

}  // namespace weir::app
