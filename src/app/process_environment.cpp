#include "app/process_environment.hpp"

#include <string_view>

extern char** environ;

namespace weir::app {

std::unique_ptr<config::Environment> process_environment() {
  config::Environment::Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const text = *entry;
    auto const equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return std::make_unique<config::DiskEnvironment>(std::move(variables));
}

}  // namespace weir::app
