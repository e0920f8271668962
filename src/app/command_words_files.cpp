#include "app/command_words.hpp"

namespace weir::app {
namespace {

void add_sources(CLI::App& verb, SourceRequest& sources) {
  verb.add_option("--config,FILE", sources.file,
                  "configuration file; default: weir.yaml where it is looked for");
  verb.add_option("--from", sources.from, "a client's file with MCP servers, e.g. .mcp.json")
      ->expected(1)
      ->take_all();
}

}  // namespace

void add_colour(CLI::App& verb, std::string& colour) {
  verb.add_option("--color", colour, "always, never or auto")
      ->check(CLI::IsMember({"always", "never", "auto"}));
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

namespace {

void add_whom(CLI::App& verb, Whom& whom) {
  auto* const who = verb.add_option("--for", whom.who, "one of Weir's callers: key:NAME, sub:SUBJECT");
  verb.add_option("--issuer", whom.issuer, "of that subject, where there are several")->needs(who);
  verb.add_option("--tenant", whom.tenant, "of that subject, where there are any")->needs(who);
}

}  // namespace

void add_server(CLI::App& cli, ServerRequest& server) {
  auto& verb = *cli.add_subcommand("server", "sign in at a server, or out");
  verb.footer(
      "  weir server login github                 in your browser\n"
      "  weir server login github --paste         where there is no browser\n"
      "  weir server login github --scope repo    ask for more than before\n"
      "  weir server login github --for sub:ann   for one caller, where each has their own\n"
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
  add_whom(login, server.whom);
  auto& logout = *verb.add_subcommand("logout", "give a sign-in up");
  logout.footer("  weir server logout github\n  weir server logout github --for key:ci");
  logout.add_option("NAME", server.name, "the server")->required();
  logout.add_option("--config", server.sources.file,
                    "configuration file; default: weir.yaml where it is looked for");
  add_whom(logout, server.whom);
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

}  // namespace weir::app
