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

void check_step(Node const& step, std::string_view own, Node const& root, Problems& problems) {
  auto const* server = step.find("server");
  auto const* tool = step.find("tool");
  std::size_t const parts = step.members.size() - (tool != nullptr ? 1 : 0);
  if (parts != 1) {
    problems.error("WEIR-E023", step.mark, "a step has exactly one of `server` and `message`");
    return;
  }
  if (tool != nullptr && server == nullptr) {
    problems.error("WEIR-E023", tool->mark, "`tool` goes with `server`").fix = "name the server that has it";
    return;
  }
  if (server == nullptr || !server->is_scalar()) return;
  auto const meant = server_meant(root, server->value());
  if (meant.empty()) {
    warn_of_unknown_server("WEIR-E025", server->mark, server->text, root, problems)
        .notes.emplace_back("the step is skipped");
  } else if (meant == own) {
    problems.error("WEIR-E023", server->mark, fmt::format("`{}` cannot stand in for itself", server->text))
        .fix = "name another server that answers the same";
  }
}

// A word that needs something beside it. The step is skipped and counted at run time.
void check_word(Node const& word, Node const& section, Problems& problems) {
  if (word.value() != "use_local_backup" || section.find("local_backup_path") != nullptr) return;
  auto& problem = problems.warning("WEIR-E025", word.mark, "`use_local_backup` has no folder");
  problem.notes.emplace_back("the step is skipped");
  problem.fix = "add `local_backup_path` to this section";
}

void check_chain(Node const* chain, Node const& section, std::string_view own, Node const& root,
                 Problems& problems) {
  if (chain == nullptr || !chain->is_sequence()) return;
  for (auto const& step : chain->items) {
    if (step.is_map()) check_step(step, own, root, problems);
    if (step.is_scalar()) check_word(step, section, problems);
  }
}

void check_times(Node const& section, Problems& problems) {
  std::optional<std::int64_t> call, most;
  if (auto const text = scalar_at(&section, "timeout_ms")) call = parse_integer(*text);
  if (auto const text = scalar_at(&section, "max_timeout_ms")) most = parse_integer(*text);
  if (!call || !most || *most >= *call) return;
  auto& problem = problems.warning("WEIR-E025", section.find("max_timeout_ms")->mark,
                                   "`max_timeout_ms` is less than `timeout_ms`");
  problem.notes.push_back(fmt::format("{} ms are taken for both", *call));
}

// Only a second address makes a second attempt beside the first worth while.
void check_hedge(Node const& section, std::string_view server, Node const& root, Problems& problems) {
  bool enabled = false;
  take(&section, "hedge.enabled", enabled);
  auto const* entry = enabled && !server.empty() ? root.at(std::string("servers.").append(server)) : nullptr;
  if (entry == nullptr) return;
  auto const* urls = entry->find("urls");
  if (urls != nullptr && urls->is_sequence() && urls->items.size() > 1) return;
  problems
      .warning("WEIR-E025", section.at("hedge.enabled")->mark, "`hedge` needs a server with several `urls`")
      .notes.emplace_back("it has no effect");
}

void check_degradation_of(Member const& member, Node const& root, Environment const& environment,
                          Problems& problems) {
  auto const& section = member.value;
  auto const own = server_meant(root, member.key);
  check_path(section, "local_backup_path", "use_local_backup", environment, problems);
  check_path(section, "fallback_standards_path", "use_default", environment, problems);
  for (auto const* hook : {"on_timeout", "on_error", "on_open", "on_rate_limited"}) {
    if (auto const* word = section.find(hook); word != nullptr && word->is_scalar())
      check_word(*word, section, problems);
  }
  check_times(section, problems);
  check_hedge(section, own, root, problems);
  check_chain(section.find("fallback"), section, own, root, problems);
  auto const* tools = section.find("tools");
  if (tools == nullptr || !tools->is_map()) return;
  for (auto const& tool : tools->members) {
    check_chain(tool.value.find("fallback"), section, own, root, problems);
  }
}

void check_degradation(Node const& root, Environment const& environment, Problems& problems) {
  auto const* degradation = root.find("degradation");
  if (degradation == nullptr || !degradation->is_map()) return;
  check_names(*degradation, root, problems);
  for (auto const& section : degradation->members) {
    if (section.value.is_map()) check_degradation_of(section, root, environment, problems);
  }
}

void check_priorities(Node const& root, Problems& problems) {
  auto const* list = root.at("limits.shed.priority");
  if (list == nullptr || !list->is_sequence()) return;
  std::vector<std::string_view> seen;
  for (auto const& item : list->items) {
    if (!item.is_scalar()) continue;
    if (std::find(seen.begin(), seen.end(), item.value()) != seen.end())
      problems.error("WEIR-E023", item.mark, fmt::format("`{}` is there twice", item.text));
    seen.push_back(item.value());
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
  check_priorities(root, problems);
}

}  // namespace weir::config
