#include "app/usage_error.hpp"

#include <fmt/core.h>

#include "app/call_text.hpp"
#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "base/say.hpp"

namespace weir::app {
namespace {

int wrong(std::string const& what, std::string const& advice) {
  base::say("error: {}\n  = {}\n", what, advice);
  return kExitUsage;
}

std::string meant_or(std::string_view given, std::vector<std::string_view> const& known,
                     std::string otherwise) {
  auto const meant = meant_by(given, known);
  return meant.empty() ? std::move(otherwise) : fmt::format("did you mean `{}`?", meant);
}

// The option that `error` complains of, if the command does not have it.
int unknown_option(CLI::App const& verb, std::string const& option) {
  std::vector<std::string> names;
  for (auto const* known : verb.get_options()) {
    for (auto const& name : known->get_lnames()) names.push_back("--" + name);
  }
  auto const command = verb.get_parent() == nullptr ? "weir" : "weir " + verb.get_name();
  return wrong(
      fmt::format("`{}` has no option `{}`", command, shown(option)),
      meant_or(option, {names.begin(), names.end()}, fmt::format("`{} --help` lists them", command)));
}

}  // namespace

int usage_error(CLI::App& cli, CLI::ParseError const& error) {
  auto const verbs = cli.get_subcommands();
  auto const& verb = verbs.empty() ? cli : *verbs.front();
  auto const extra = cli.remaining(true);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !extra.empty()) {
    auto const name = extra.front().substr(0, extra.front().find('='));
    if (name.starts_with('-')) return unknown_option(verb, name);
    if (verbs.empty()) {
      auto const known = cli.get_subcommands([](CLI::App const*) { return true; });
      std::vector<std::string> names;
      for (auto const* one : known) names.push_back(one->get_name());
      return wrong(fmt::format("there is no command `{}`", shown(name)),
                   meant_or(name, {names.begin(), names.end()}, "`weir help` lists them"));
    }
    return wrong(fmt::format("`weir {}` does not take `{}`", verb.get_name(), shown(extra.front())),
                 fmt::format("`weir {} --help` shows how", verb.get_name()));
  }
  return wrong(shown(error.what()), verbs.empty()
                                        ? "`weir help` shows how"
                                        : fmt::format("`weir {} --help` shows how", verb.get_name()));
}

}  // namespace weir::app
