#include "app/command_line.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <system_error>

#include "app/command_failure.hpp"
#include "app/command_words.hpp"
#include "app/exit_codes.hpp"
#include "app/help_command.hpp"
#include "app/process_environment.hpp"
#include "app/usage_error.hpp"
#include "base/say.hpp"

namespace weir::app {
namespace {

// Examples (kept as the footer) come before everything else.
class ExamplesFirst final : public CLI::Formatter {
 public:
  std::string make_description(CLI::App const* cli) const override {
    return CLI::Formatter::make_description(cli) + "\n" + cli->get_footer() + "\n\n";
  }
  std::string make_footer(CLI::App const*) const override { return {}; }
};

// CLI::App::help() would print the help of the command that was given.
int print_help(CLI::App const& cli) {
  fmt::print("{}", cli.get_formatter()->make_help(&cli, cli.get_name(), CLI::AppFormatMode::Normal));
  return kExitOk;
}

int explain(CLI::App& cli, std::string const& topic) {
  if (topic.empty()) return print_help(cli);
  auto const verbs = cli.get_subcommands([&](CLI::App const* verb) { return verb->get_name() == topic; });
  if (verbs.empty()) return explain_code(topic);
  fmt::print("{}", verbs.front()->help(cli.get_name()));
  return kExitOk;
}

int dispatch(CLI::App& cli, Requests& requests, config::Environment& environment) {
  requests.run.colour = requests.check.colour = requests.status.colour = requests.colour;
  if (requests.check_json) requests.check.format = "json";
  if (requests.run.verbose && requests.run.sources.log_level.empty())
    requests.run.sources.log_level = "debug";
  if (cli.got_subcommand("run")) return run_command(requests.run, environment);
  if (cli.got_subcommand("check")) return check_command(requests.check, environment);
  if (cli.got_subcommand("call")) return call_command(requests.call, environment);
  if (cli.got_subcommand("status")) return status_command(requests.status, environment);
  if (cli.got_subcommand("ctl")) {
    requests.ctl.purging = cli.get_subcommand("ctl")->got_subcommand("purge");
    requests.ctl.dropping = cli.get_subcommand("ctl")->got_subcommand("drop-tokens");
    requests.ctl.reloading = cli.get_subcommand("ctl")->got_subcommand("reload");
    return ctl_command(requests.ctl, environment);
  }
  if (cli.got_subcommand("secrets")) {
    requests.secrets.rotate = cli.get_subcommand("secrets")->got_subcommand("rotate");
    return secrets_command(requests.secrets, environment);
  }
  if (cli.got_subcommand("tools")) {
    requests.tools.accept = cli.get_subcommand("tools")->got_subcommand("accept");
    return tools_command(requests.tools, environment);
  }
  if (cli.got_subcommand("server")) {
    requests.server.logout = cli.get_subcommand("server")->got_subcommand("logout");
    return server_command(requests.server, environment);
  }
  if (cli.got_subcommand("chaos")) return chaos_command(requests.chaos, environment);
  bool const on_terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  if (cli.got_subcommand("help") || !on_terminal) return explain(cli, requests.topic);
  base::say("This is `weir run`; `weir help` lists the other commands.\n");
  return run_command(requests.run, environment);
}

int answer(int argc, char** argv) {
  Requests requests;
  CLI::App cli{"Weir: every MCP server behind one URL", "weir"};
  cli.formatter(std::make_shared<ExamplesFirst>());
  cli.footer(
      "  weir run                                 finds your servers, prints the URL\n"
      "  weir check                               is the configuration right?\n"
      "  weir call files.read_file path=a.txt     use a tool through the gateway\n"
      "  weir status                              how is everybody?");
  cli.set_version_flag("--version", version_text());
  cli.require_subcommand(0, 1);  // else `weir help run` and a server named `run` would be commands
  add_colour(cli, requests.colour);
  add_run(cli, requests);
  add_check(cli, requests);
  add_call(cli, requests.call);
  add_status(cli, requests);
  add_ctl(cli, requests.ctl);
  add_secrets(cli, requests.secrets);
  add_tools(cli, requests.tools);
  add_server(cli, requests.server);
  add_chaos(cli, requests.chaos);
  auto& help = *cli.add_subcommand("help", "explain a command, or an error by its code");
  help.footer("  weir help call\n  weir help E012");
  help.add_option("TOPIC", requests.topic, "a command, or a code like E012");
  auto& version = *cli.add_subcommand("version", "say which version this is");
  version.footer("  weir version\n  weir version --json");
  version.add_flag("--json", requests.version_json, "as JSON");
  try {
    cli.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    bool const asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    return asked ? cli.exit(error) : usage_error(cli, error);
  }
  if (cli.got_subcommand("version")) return print_version(requests.version_json);
  auto environment = process_environment();
  if (!environment) {
    base::say("error: {}\n", environment.error().detail);
    if (!environment.error().hint.empty()) base::say("  = fix: {}\n", environment.error().hint);
    return kExitConfig;
  }
  return dispatch(cli, requests, **environment);
}

}  // namespace

int command_line(int argc, char** argv) {
  int code = kExitOk;
  try {
    code = answer(argc, argv);
  } catch (std::system_error const&) {  // fmt throws it where more is printed than stdout can hold back
    if (std::ferror(stdout) == 0) throw;
  }
  return written(stdout, code);
}

}  // namespace weir::app
