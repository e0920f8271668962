// What is wrong with `degradation:` and `limits:` as wholes. What does not exist is skipped, with a warning;
// what contradicts itself is an error.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

constexpr milliseconds kCallDefault = Timeouts{}.call;
constexpr std::string_view kHooks[] = {"on_timeout", "on_error", "on_open", "on_rate_limited"};

// One section of `degradation`, and what others say of the same servers.
struct Section {
  Member const& self;
  Node const& root;
  Environment const& environment;
  std::string_view server;            // empty: `defaults`
  std::vector<Node const*> relevant;  // itself, others of its server, `defaults`; of `defaults`: all
};

bool says(Section const& section, std::string_view key) {
  return std::any_of(section.relevant.begin(), section.relevant.end(),
                     [&](Node const* node) { return scalar_at(node, key).value_or("") != ""; });
}

void check_path(Section const& section, char const* key, char const* user, Problems& problems) {
  auto const path = scalar_at(&section.self.value, key);
  if (!path || section.environment.exists(section.environment.absolute(*path))) return;
  auto const* node = section.self.value.find(key);
  problems.warning("WEIR-E051", node->mark, fmt::format("`{}` does not exist", node->text))
      .notes.push_back(fmt::format("`{}` is skipped and counted at run time", user));
}

// A word that needs something which nobody has given.
void check_word(Section const& section, Node const& word, Problems& problems) {
  if (!word.is_scalar() || word.value() != "use_local_backup" || says(section, "local_backup_path")) return;
  auto& problem = problems.warning("WEIR-E022", word.mark, "`use_local_backup` needs `local_backup_path`");
  problem.notes.emplace_back("the step has nothing to answer with, and the next one is tried");
  problem.fix = "add `local_backup_path` with the folder, or remove the step";
}

void check_target(Section const& section, Node const& server, Problems& problems) {
  if (!server.is_scalar()) return;
  auto const meant = server_meant(section.root, server.value());
  if (meant.empty()) {
    warn_of_unknown_server("WEIR-E025", server.mark, server.text, section.root, problems)
        .notes.emplace_back("the step is skipped");
  } else if (meant == section.server) {
    auto& problem =
        problems.error("WEIR-E023", server.mark, fmt::format("`{}` cannot stand in for itself", server.text));
    problem.notes.emplace_back("the chain begins when this server has failed");
    problem.fix = "name another server, or remove the step";
  } else {
    bool disabled = false;
    take(section.root.find("servers")->find(meant), "disabled", disabled);
    if (!disabled) return;
    problems.warning("WEIR-E025", server.mark, fmt::format("server `{}` is disabled", meant))
        .notes.emplace_back("the step is skipped");
  }
}

void check_step(Section const& section, Node const& step, Problems& problems) {
  if (!step.is_map()) return check_word(section, step, problems);
  auto const* server = step.find("server");
  auto const* message = step.find("message");
  auto const* tool = step.find("tool");
  if (tool != nullptr && server == nullptr) {
    auto& problem = problems.error("WEIR-E022", tool->mark, "`tool` needs `server`");
    problem.fix = "add the server that has this tool";
    return;
  }
  if ((server == nullptr) == (message == nullptr)) {
    problems.error("WEIR-E023", step.mark, "a step has exactly one of `server` and `message`");
    return;
  }
  auto const* said = server != nullptr ? server : message;
  if (said->kind == Node::Kind::null || (said->is_scalar() && said->text.empty())) {
    problems.error("WEIR-E022", step.mark, fmt::format("`{}` is empty", server ? "server" : "message")).fix =
        "write it, or remove the step";
  } else if (server != nullptr) {
    check_target(section, *server, problems);
  }
}

void check_chain(Section const& section, Node const* chain, Problems& problems) {
  if (chain == nullptr || !chain->is_sequence()) return;
  std::string_view last;  // the step that answers for nearly everything
  for (auto const& step : chain->items) {
    check_step(section, step, problems);
    if (!last.empty()) {
      auto& problem = problems.warning("WEIR-E023", step.mark, "this step is hardly ever reached");
      problem.notes.push_back(
          fmt::format("`{}` before it answers for all but tools with an output schema", last));
      problem.fix = fmt::format("move it before `{}`, or remove it", last);
      return;
    }
    if (step.find("message") != nullptr) last = "message";
    if (step.is_scalar() && step.value() == "use_default") last = "use_default";
  }
}

void check_times(Section const& section, Problems& problems) {
  milliseconds most{};
  take_ms(&section.self.value, "max_timeout_ms", most);
  if (most == milliseconds()) return;
  auto call = kCallDefault;
  for (auto const* node : {section.root.at("degradation.defaults"), &section.self.value})
    take_ms(node, "timeout_ms", call);
  if (most >= call) return;
  auto& problem = problems.error("WEIR-E015", section.self.value.find("max_timeout_ms")->mark,
                                 fmt::format("`max_timeout_ms` is less than `timeout_ms`, {}", call.count()));
  problem.fix = fmt::format("write at least {}, or remove it", call.count());
}

bool has_several_urls(Node const& root, std::string_view server) {
  auto const* servers = root.find("servers");
  if (servers == nullptr) return false;
  return std::any_of(servers->members.begin(), servers->members.end(), [&](Member const& member) {
    auto const* urls = member.value.find("urls");
    return (server.empty() || member.key == server) && urls != nullptr && urls->items.size() > 1;
  });
}

void check_hedge(Section const& section, Problems& problems) {
  bool enabled = false;
  take(&section.self.value, "hedge.enabled", enabled);
  if (!enabled || has_several_urls(section.root, section.server)) return;
  auto& problem = problems.warning("WEIR-E022", section.self.value.at("hedge.enabled")->mark,
                                   "a second attempt needs a second address");
  problem.notes.push_back(section.server.empty()
                              ? "no server has several `urls`: nothing is hedged"
                              : fmt::format("`{}` has no `urls`: nothing is hedged", section.server));
}

// Patterns are over the server's own names; the names that rules and agents use match nothing here.
void check_pattern(Section const& section, std::string_view pattern, Mark const& mark, Problems& problems) {
  for (std::string const between : {".", "__"}) {
    auto const prefix = section.self.key + between;
    if (section.server.empty() || !pattern.starts_with(prefix) || pattern.size() == prefix.size()) continue;
    auto& problem =
        problems.warning("WEIR-E025", mark, fmt::format("`{}` probably matches nothing", pattern));
    problem.notes.emplace_back("a pattern here is the server's own name of a tool");
    problem.fix = fmt::format("write `{}`", pattern.substr(prefix.size()));
  }
}

void check_section(Section const& section, Problems& problems) {
  auto const& node = section.self.value;
  check_path(section, "local_backup_path", "use_local_backup", problems);
  check_path(section, "fallback_standards_path", "use_default", problems);
  check_times(section, problems);
  for (auto const hook : kHooks) {
    if (auto const* word = node.find(hook)) check_word(section, *word, problems);
  }
  check_chain(section, node.find("fallback"), problems);
  check_hedge(section, problems);
  if (auto const* patterns = node.at("retry.idempotent")) {
    for (auto const& item : patterns->items) check_pattern(section, item.value(), item.mark, problems);
  }
  auto const* tools = section_at(&node, "tools");
  if (tools == nullptr) return;
  for (auto const& tool : tools->members) {
    check_pattern(section, tool.key, tool.mark, problems);
    check_chain(section, tool.value.find("fallback"), problems);
  }
}

}  // namespace

void check_degradation(Node const& root, Environment const& environment, Problems& problems) {
  auto const* sections = section_at(&root, "degradation");
  if (sections == nullptr) return;
  for (auto const& member : sections->members) {
    bool const everybody = member.key == "defaults";
    auto const server = everybody ? std::string_view() : server_meant(root, member.key);
    if (!everybody && server.empty()) {
      warn_of_unknown_server("WEIR-E050", member.mark, member.key, root, problems)
          .notes.emplace_back("the section is skipped");
    }
    if (!member.value.is_map()) continue;
    Section section{member, root, environment, server, {&member.value}};
    for (auto const& other : sections->members) {
      bool const same = !server.empty() && server_meant(root, other.key) == server;
      if (everybody || other.key == "defaults" || same) section.relevant.push_back(&other.value);
    }
    check_section(section, problems);
  }
}

void check_limits(Node const& root, Problems& problems) {
  auto const* limits = section_at(&root, "limits");
  auto const* callers = section_at(limits, "per_principal");
  if (scalar_at(callers, "burst") && !scalar_at(callers, "rate")) {
    auto& problem = problems.warning("WEIR-E022", callers->find("burst")->mark, "`burst` needs `rate`");
    problem.notes.emplace_back("calls are not limited");
    problem.fix = "add a rate such as 50/s";
  }
  auto const* order = section_at(limits, "shed") == nullptr ? nullptr : limits->at("shed.priority");
  if (order == nullptr) return;
  for (auto item = order->items.begin(); item != order->items.end(); ++item) {
    bool const again = std::any_of(order->items.begin(), item,
                                   [&](Node const& before) { return before.value() == item->value(); });
    if (!again || !item->is_scalar()) continue;
    problems.error("WEIR-E024", item->mark, fmt::format("`{}` is named twice", item->text)).fix =
        "keep the first; each class has one place";
  }
}

}  // namespace weir::config
