#include "app/command_line.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/call_command.hpp"
#include "app/call_text.hpp"
#include "app/check_command.hpp"
#include "app/exit_codes.hpp"
#include "app/help_command.hpp"
#include "app/process_environment.hpp"
#include "app/run_command.hpp"
#include "app/shown_text.hpp"
#include "app/status_command.hpp"

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

struct Requests {
  RunRequest run;
  CheckRequest check;
  CallRequest call;
  StatusRequest status;
  std::string topic;
  std::string colour = "auto";
  bool check_json = false;
};

void add_sources(CLI::App& verb, SourceRequest& sources) {
  verb.add_option("--config,FILE", sources.file,
                  "configuration file; default: weir.yaml where it is looked for");
  verb.add_option("--from", sources.from, "a client's file with MCP servers, e.g. .mcp.json")
      ->expected(1)
      ->take_all();
}

void add_gateway(CLI::App& verb, AddressRequest& gateway) {
  verb.add_option("--admin", gateway.admin, "host:port of the gateway's status");
  verb.add_option("--config", gateway.config, "the configuration the gateway runs with");
}

void add_run(CLI::App& cli, RunRequest& run) {
  auto& verb = *cli.add_subcommand("run", "start the gateway");
  verb.footer(
      "  weir run                      the servers that your editor already knows\n"
      "  weir run weir.yaml            those of a file\n"
      "  weir run --from .mcp.json     those of a client's file\n"
      "  weir run --stdio weir.yaml    as the child of an MCP client");
  add_sources(verb, run.sources);
  verb.add_option("--listen", run.sources.listen, "host:port for clients");
  verb.add_option("--admin", run.sources.admin, "host:port for status and metrics");
  verb.add_flag("--stdio", run.stdio, "serve one client on stdin and stdout");
  verb.add_flag("--trust", run.trust, "use a project's files without asking");
  verb.add_flag("--insecure", run.sources.insecure, "allow a public address without authentication");
  verb.add_flag("-q,--quiet", run.quiet, "print no table");
}

void add_check(CLI::App& cli, Requests& requests) {
  auto& check = requests.check;
  auto& verb = *cli.add_subcommand("check", "find everything wrong with the configuration");
  verb.footer(
      "  weir check                    what `weir run` would read\n"
      "  weir check --strict weir.yaml\n"
      "  weir check --explain=admin.bind\n"
      "  weir check --format sarif > weir.sarif");
  add_sources(verb, check.sources);
  verb.add_flag("--strict", check.strict, "warnings are failures");
  verb.add_option("--explain", requests.check.explain,
                  "where the value of a key comes from; without a key: of all")
      ->expected(0, 1);
  verb.add_option("--format", check.format, "text, json or sarif")
      ->check(CLI::IsMember({"text", "json", "sarif"}));
  verb.add_flag("--json", requests.check_json, "the same as --format json");
}

void add_call(CLI::App& cli, CallRequest& call) {
  auto& verb = *cli.add_subcommand("call", "use a server's tools, resources and prompts");
  verb.footer(
      "  weir call files                          list its tools\n"
      "  weir call files.read_file path=a.txt     call one\n"
      "  weir call files.search tags:='[\"a\"]'     JSON as it stands\n"
      "  weir call files.search --args - < a.json\n"
      "  weir call files --read file:///a.txt     read a resource");
  verb.add_option("TARGET", call.target, "SERVER or SERVER.TOOL")->required();
  verb.add_option("ARGUMENTS", call.words, "name=value, or name:=JSON");
  verb.add_option("--args", call.args, "all arguments as one JSON object; - reads stdin");
  verb.add_option("--read", call.read, "read the resource with this URI");
  verb.add_option("--prompt", call.prompt, "get the prompt of this name");
  verb.add_flag("--schema", call.schema, "print the tool's input schema");
  verb.add_flag("--json", call.json, "print the result as it came");
  verb.add_option("--url", call.gateway.url, "URL of the gateway's MCP endpoint");
  add_gateway(verb, call.gateway);
}

void add_status(CLI::App& cli, StatusRequest& status) {
  auto& verb = *cli.add_subcommand("status", "show the running gateway on one screen");
  verb.footer("  weir status\n  weir status --json\n  weir status -q && echo all well");
  verb.add_flag("--json", status.json, "as JSON");
  verb.add_flag("-q,--quiet", status.quiet, "the exit code alone");
  add_gateway(verb, status.gateway);
}

int usage_error(CLI::App const& cli, CLI::ParseError const& error, int argc, char** argv) {
  auto const verbs = cli.get_subcommands([](CLI::App const*) { return true; });
  std::vector<std::string_view> names;
  for (auto const* verb : verbs) names.push_back(verb->get_name());
  std::string_view const given = argc > 1 ? argv[1] : "";
  bool const known = std::find(names.begin(), names.end(), given) != names.end();
  if (!known && !given.starts_with('-')) {
    auto const meant = meant_by(given, names);
    fmt::print(stderr, "error: there is no command `{}`\n", shown(given));
    fmt::print(stderr, "  = {}\n",
               meant.empty() ? "`weir help` lists them" : fmt::format("did you mean `{}`?", meant));
  } else {
    fmt::print(stderr, "error: {}\n  = `weir{}{} --help` shows how\n", shown(error.what()), known ? " " : "",
               known ? given : "");
  }
  return kExitUsage;
}

int dispatch(CLI::App& cli, Requests& requests, config::Environment& environment) {
  requests.run.colour = requests.check.colour = requests.status.colour = requests.colour;
  if (requests.check_json) requests.check.format = "json";
  if (cli.got_subcommand("run")) return run_command(requests.run, environment);
  if (cli.got_subcommand("check")) return check_command(requests.check, environment);
  if (cli.got_subcommand("call")) return call_command(requests.call, environment);
  if (cli.got_subcommand("status")) return status_command(requests.status, environment);
  if (cli.got_subcommand("version")) return print_version();
  if (cli.got_subcommand("help") && !requests.topic.empty()) {
    auto const verbs =
        cli.get_subcommands([&](CLI::App const* verb) { return verb->get_name() == requests.topic; });
    if (verbs.empty()) return explain_code(requests.topic);
    fmt::print("{}", verbs.front()->help());
    return kExitOk;
  }
  bool const on_terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  if (cli.got_subcommand("help") || !on_terminal) {
    fmt::print("{}", cli.help());
    return kExitOk;
  }
  fmt::print(stderr, "This is `weir run`; `weir help` lists the other commands.\n");
  return run_command(requests.run, environment);
}

}  // namespace

int command_line(int argc, char** argv) {
  Requests requests;
  CLI::App cli{"Weir: every MCP server behind one URL", "weir"};
  cli.formatter(std::make_shared<ExamplesFirst>());
  cli.footer(
      "  weir run                                 finds your servers, prints the URL\n"
      "  weir check                               is the configuration right?\n"
      "  weir call files.read_file path=a.txt     use a tool through the gateway\n"
      "  weir status                              how is everybody?");
  cli.set_version_flag("--version", version_text());
  cli.add_option("--color", requests.colour, "always, never or auto")
      ->check(CLI::IsMember({"always", "never", "auto"}));
  cli.fallthrough();
  add_run(cli, requests.run);
  add_check(cli, requests);
  add_call(cli, requests.call);
  add_status(cli, requests.status);
  auto& help = *cli.add_subcommand("help", "explain a command, or an error by its code");
  help.footer("  weir help call\n  weir help E012");
  help.add_option("TOPIC", requests.topic, "a command, or a code like E012");
  cli.add_subcommand("version", "say which version this is")->footer("  weir version");
  try {
    cli.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    bool const asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    return asked ? cli.exit(error) : usage_error(cli, error, argc, argv);
  }
  auto environment = process_environment();
  return dispatch(cli, requests, *environment);
}

}  // namespace weir::app
