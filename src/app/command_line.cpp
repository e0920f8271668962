#include "app/command_line.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/call_command.hpp"
#include "app/call_text.hpp"
#include "app/chaos_command.hpp"
#include "app/check_command.hpp"
#include "app/ctl_command.hpp"
#include "app/exit_codes.hpp"
#include "app/help_command.hpp"
#include "app/process_environment.hpp"
#include "app/run_command.hpp"
#include "app/secrets_command.hpp"
#include "app/server_command.hpp"
#include "app/shown_text.hpp"
#include "app/status_command.hpp"
#include "app/tools_command.hpp"

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
  CtlRequest ctl;
  ChaosRequest chaos;
  SecretsRequest secrets;
  ToolsRequest tools;
  ServerRequest server;
  std::string topic;
  std::string colour = "auto";
  bool check_json = false;
  bool version_json = false;
};

void add_colour(CLI::App& verb, std::string& colour) {
  verb.add_option("--color", colour, "always, never or auto")
      ->check(CLI::IsMember({"always", "never", "auto"}));
}

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

void add_run(CLI::App& cli, Requests& requests) {
  auto& run = requests.run;
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
  verb.add_option("--log-level", run.sources.log_level, "error, warn, info, debug or trace");
  verb.add_option("--log-format", run.sources.log_format, "text, json or auto");
  verb.add_flag("-v,--verbose", run.verbose, "the same as --log-level debug");
  verb.add_flag("-q,--quiet", run.quiet, "print no table");
  verb.add_flag("--json", run.json, "print the status as one JSON line instead of the table");
  add_colour(verb, requests.colour);
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
  add_colour(verb, requests.colour);
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
  verb.add_flag("--no-cache", call.no_cache, "ask the server, whatever is kept");
  verb.add_option("--url", call.gateway.url, "URL of the gateway's MCP endpoint");
  add_gateway(verb, call.gateway);
}

void add_status(CLI::App& cli, Requests& requests) {
  auto& status = requests.status;
  auto& verb = *cli.add_subcommand("status", "show the running gateway on one screen");
  verb.footer("  weir status\n  weir status --json\n  weir status -q && echo all well");
  verb.add_flag("--json", status.json, "as JSON");
  verb.add_flag("-q,--quiet", status.quiet, "the exit code alone");
  add_gateway(verb, status.gateway);
  add_colour(verb, requests.colour);
}

void add_ctl(CLI::App& cli, CtlRequest& ctl) {
  auto& verb = *cli.add_subcommand("ctl", "change the running gateway");
  verb.footer(
      "  weir ctl cache                                 how full are the cache's tiers?\n"
      "  weir ctl purge 'github.search_*' --dry-run     how much would go?\n"
      "  weir ctl purge 'github.search_*'\n"
      "  weir ctl purge files --uri file:///a.txt\n"
      "  weir ctl purge '*' --yes                       everything\n"
      "  weir ctl drop-tokens ann                       she is gone: so are her tokens at servers");
  verb.require_subcommand(1);
  auto& cache = *verb.add_subcommand("cache", "show the tiers of the cache");
  cache.add_flag("--json", ctl.json, "as JSON");
  add_gateway(cache, ctl.gateway);
  auto& purge = *verb.add_subcommand("purge", "throw kept answers away");
  purge.footer("  weir ctl purge 'github.search_*' --dry-run\n  weir ctl purge --tag repository");
  purge.add_option("SELECTION", ctl.purge.select, "SERVER or SERVER.TOOL, with *; '*' is everything");
  purge.add_option("--uri", ctl.purge.uri, "answers about this resource");
  purge.add_option("--principal", ctl.purge.principal, "answers for this caller");
  purge.add_option("--tag", ctl.purge.tag, "answers of tools with this tag");
  purge.add_flag("--dry-run", ctl.purge.dry_run, "count only");
  purge.add_flag("--yes", ctl.yes, "also whole servers, and everything");
  purge.add_flag("--json", ctl.json, "as JSON");
  add_gateway(purge, ctl.gateway);
  auto& drop = *verb.add_subcommand("drop-tokens", "drop a user's tokens at servers, and revoke them");
  drop.footer("  weir ctl drop-tokens ann\n  weir ctl drop-tokens ann --issuer https://login.example.com");
  drop.add_option("SUBJECT", ctl.drop.subject, "the user, as their own token names them")->required();
  drop.add_option("--issuer", ctl.drop.issuer, "of that token; default: those of `auth`");
  drop.add_flag("--json", ctl.json, "as JSON");
  add_gateway(drop, ctl.gateway);
}

void add_secrets(CLI::App& cli, SecretsRequest& secrets) {
  auto& verb = *cli.add_subcommand("secrets", "show where secrets come from, and how old they are");
  verb.footer(
      "  weir secrets                                   sources, ages, due dates; never values\n"
      "  weir secrets rotate                            what to do about those that are old\n"
      "  weir secrets rotate 'vault:mcp/github#token'   how this one is replaced");
  verb.add_flag("--json", secrets.json, "as JSON");
  add_gateway(verb, secrets.gateway);
  auto& rotate = *verb.add_subcommand("rotate", "say what has to be done by hand to replace secrets");
  rotate.footer("  weir secrets rotate\n  weir secrets rotate cred:github");
  rotate.add_option("REFERENCE", secrets.reference, "one secret; default: those that are not in order");
  add_gateway(rotate, secrets.gateway);
}

void add_tools(CLI::App& cli, ToolsRequest& tools) {
  auto& verb = *cli.add_subcommand("tools", "show which tools differ from what they were, and accept them");
  verb.footer(
      "  weir tools                     are all tools what they were when they were first seen?\n"
      "  weir tools files               of one server, with every difference\n"
      "  weir tools accept files read   this is what it may say from now on\n"
      "  weir tools accept files        … and so are all tools of the server");
  verb.add_option("SERVER", tools.server, "one server; default: all");
  verb.add_flag("--json", tools.json, "as JSON");
  add_gateway(verb, tools.gateway);
  auto& accept = *verb.add_subcommand("accept", "take what tools say of themselves now as what they may say");
  accept.footer("  weir tools accept files read\n  weir tools accept files");
  accept.add_option("SERVER", tools.server, "whose")->required();
  accept.add_option("TOOL", tools.tool, "the tool, by the server's own name; default: all of them");
  add_gateway(accept, tools.gateway);
}

void add_server(CLI::App& cli, ServerRequest& server) {
  auto& verb = *cli.add_subcommand("server", "sign in at a server, or out");
  verb.footer(
      "  weir server login github                 in your browser\n"
      "  weir server login github --paste         where there is no browser\n"
      "  weir server login github --scope repo    ask for more than before\n"
      "  weir server logout github");
  verb.require_subcommand(1);
  auto& login = *verb.add_subcommand("login", "let Weir use a server in your name");
  login.footer("  weir server login github\n  weir server login github --paste");
  login.add_option("NAME", server.name, "the server")->required();
  login.add_option("--config", server.sources.file,
                   "configuration file; default: weir.yaml where it is looked for");
  login.add_option("--scope", server.scopes, "ask for this one too")->expected(1)->take_all();
  login.add_flag("--paste", server.paste, "paste the address that the browser ends at");
  login.add_flag("--no-browser", server.no_browser, "only print the address to open");
  auto& logout = *verb.add_subcommand("logout", "give a sign-in up");
  logout.footer("  weir server logout github");
  logout.add_option("NAME", server.name, "the server")->required();
  logout.add_option("--config", server.sources.file,
                    "configuration file; default: weir.yaml where it is looked for");
}

void add_chaos(CLI::App& cli, ChaosRequest& chaos) {
  auto& verb = *cli.add_subcommand("chaos", "make your servers fail, and account for every answer");
  verb.footer(
      "  weir chaos                                 every server, a fifth of its answers harmed\n"
      "  weir chaos docs --faults 50% --calls 10000\n"
      "  weir chaos docs --tool search --args '{\"q\":\"a\"}'   a tool that you know is safe to call\n"
      "  weir chaos --script outage.yaml --seed 7   the same faults again\n\n"
      "A gateway of its own reaches your servers through proxies that harm what they answer; a program that "
      "it\n"
      "starts is killed and stopped. Calls only what says that it reads, unless --tool names something.");
  verb.add_option("SERVER", chaos.servers, "those that shall fail; default: all");
  verb.add_option("--config", chaos.sources.file,
                  "configuration file; default: weir.yaml where it is looked for");
  verb.add_option("--from", chaos.sources.from, "a client's file with MCP servers, e.g. .mcp.json")
      ->expected(1)
      ->take_all();
  verb.add_option("--calls", chaos.calls, "how many")->check(CLI::Range(1, 1'000'000));
  auto* const faults = verb.add_option("--faults", chaos.faults, "share of the answers that are harmed");
  verb.add_option("--script", chaos.script, "file that says what goes wrong when")->excludes(faults);
  verb.add_option("--seed", chaos.seed, "of the faults; default: one that is printed");
  verb.add_option("--tool", chaos.tool, "call this tool, as often as --calls says");
  verb.add_option("--args", chaos.args, "its arguments as one JSON object");
  verb.add_option("--concurrency", chaos.concurrency, "calls at the same time")->check(CLI::Range(1, 512));
  verb.add_option("--minutes", chaos.minutes, "the longest time")->check(CLI::Range(1, 120));
  verb.add_option("--useful", chaos.useful, "share of useful answers to pass; default 99%, none with --tool");
  verb.add_flag("--json", chaos.json, "as JSON");
  verb.add_flag("--trust", chaos.trust, "use a project's files without asking");
}

int wrong(std::string const& what, std::string const& advice) {
  fmt::print(stderr, "error: {}\n  = {}\n", what, advice);
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
    fmt::print(stderr, "error: {}\n", environment.error().detail);
    if (!environment.error().hint.empty()) fmt::print(stderr, "  = fix: {}\n", environment.error().hint);
    return kExitConfig;
  }
  return dispatch(cli, requests, **environment);
}

}  // namespace weir::app
