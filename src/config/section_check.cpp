// Sections that speak about servers by name, and paths they name: what does not exist is skipped, with a
// warning.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/option_rows.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

std::vector<std::string_view> server_names(Node const& root) {
  std::vector<std::string_view> names;
  if (auto const* servers = root.find("servers")) {
    for (auto const& member : servers->members) names.push_back(member.key);
  }
  return names;
}

void check_names(Node const& sections, Node const& root, Problems& problems) {
  for (auto const& section : sections.members) {
    if (section.key == "defaults" || !server_meant(root, section.key).empty()) continue;
    warn_of_unknown_server("WEIR-E050", section.mark, section.key, root, problems)
        .notes.emplace_back("the section is skipped");
  }
}

void check_path(Node const& section, char const* key, char const* user, Environment const& environment,
                Problems& problems) {
  auto const path = scalar_at(&section, key);
  if (!path || environment.exists(environment.absolute(*path))) return;
  auto const* node = section.find(key);
  problems.warning("WEIR-E051", node->mark, fmt::format("`{}` does not exist", node->text))
      .notes.push_back(fmt::format("`{}` is skipped and counted at run time", user));
}

void check_chain(Node const* chain, Node const& root, Problems& problems) {
  if (chain == nullptr || !chain->is_sequence()) return;
  for (auto const& step : chain->items) {
    if (!step.is_map()) continue;
    if (step.members.size() != 1) {
      problems.error("WEIR-E023", step.mark, "a step has exactly one of `server` and `message`");
      continue;
    }
    auto const* server = step.find("server");
    if (server == nullptr || !server->is_scalar() || !server_meant(root, server->value()).empty()) continue;
    warn_of_unknown_server("WEIR-E025", server->mark, server->text, root, problems)
        .notes.emplace_back("the step is skipped");
  }
}

void check_degradation(Node const& root, Environment const& environment, Problems& problems) {
  auto const* degradation = root.find("degradation");
  if (degradation == nullptr || !degradation->is_map()) return;
  check_names(*degradation, root, problems);
  for (auto const& section : degradation->members) {
    check_path(section.value, "local_backup_path", "use_local_backup", environment, problems);
    check_path(section.value, "fallback_standards_path", "use_default", environment, problems);
    check_chain(section.value.find("fallback"), root, problems);
    auto const* tools = section.value.find("tools");
    if (tools == nullptr) continue;
    for (auto const& tool : tools->members) check_chain(tool.value.find("fallback"), root, problems);
  }
}

}  // namespace

Problem& warn_of_unknown_server(std::string_view code, Mark const& mark, std::string_view name,
                                Node const& root, Problems& problems) {
  auto& problem = problems.warning(code, mark, fmt::format("server `{}` is not configured", name));
  auto const names = server_names(root);
  if (auto const meant = nearest(name, names); !meant.empty())
    problem.label = fmt::format("did you mean `{}`?", meant);
  return problem;
}

void check_sections(Node const& root, Environment const& environment, Problems& problems) {
  check_degradation(root, environment, problems);
}

}  // namespace weir::config
