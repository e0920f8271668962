#include "app/state_folder.hpp"

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

}  // namespace weir::app
