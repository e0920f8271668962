#include "app/process_environment.hpp"

#include <string_view>

#include "config/env_files.hpp"

extern char** environ;

namespace weir::app {

base::Result<std::unique_ptr<config::Environment>> process_environment() {
  config::Environment::Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const text = *entry;
    auto const equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  auto own = std::make_unique<config::DiskEnvironment>(std::move(variables));
  auto all = config::with_development_files(*own);
  if (!all) return all.error();
  if (all->size() == own->variables().size()) return std::unique_ptr<config::Environment>(std::move(own));
  return std::unique_ptr<config::Environment>(std::make_unique<config::DiskEnvironment>(std::move(*all)));
}

}  // namespace weir::app
