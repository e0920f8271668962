#include "app/state_folder.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::app {

std::string state_folder(config::Environment const& environment) {
  if (auto const given = environment.variable("STATE_DIRECTORY"); given && !given->empty()) {
    return std::string(given->substr(0, given->find(':')));
  }
  if (auto const base = environment.variable("XDG_STATE_HOME"); base && base->starts_with('/')) {
    return std::string(*base) + "/weir";
  }
  auto const home = environment.home();
  return home.empty() ? std::string() : home + "/.local/state/weir";
}

std::string sign_ins_folder(config::Environment const& environment) {
  auto const folder = state_folder(environment);
  return folder.empty() ? std::string() : folder + "/sign-ins";
}

std::string why_unwritable(std::string const& folder) {
  std::string at = folder;
  struct stat facts {};
  while (::stat(at.c_str(), &facts) != 0) {
    int const error = errno;
    auto const parent = at.rfind('/');
    if (error != ENOENT || at.empty() || at == "/" || at == ".") return ::strerrordesc_np(error);
    at = parent == std::string::npos ? "." : parent == 0 ? "/" : at.substr(0, parent);
  }
  if (!S_ISDIR(facts.st_mode)) return ::strerrordesc_np(ENOTDIR);
  return ::access(at.c_str(), W_OK | X_OK) == 0 ? std::string() : ::strerrordesc_np(errno);
}

std::string unwritable_words(std::string_view folder, std::string_view why, std::string_view lost) {
  return fmt::format(
      "the state folder {} cannot be written ({}): {}; let this user write to it, or name another one with "
      "STATE_DIRECTORY or XDG_STATE_HOME",
      folder, why, lost);
}

}  // namespace weir::app
