#include "app/command_words.hpp"

namespace weir::app {
namespace {

void add_gateway(CLI::App& verb, AddressRequest& gateway) {
  // An empty word, of a variable that is unset, must not mean the default gateway.
  auto const some = [](std::string const& text) {
    return std::string(text.empty() ? "there is nothing in it" : "");
  };
  verb.add_option("--admin", gateway.admin, "host:port of the gateway's status")->check(some, "");
  verb.add_option("--config", gateway.config, "the configuration the gateway runs with")->check(some, "");
}

}  // namespace

void add_call(CLI::App& cli, CallRequest& call) {
  auto& verb = *cli.add_subcommand("call", "use a server's tools, resources and prompts");
  verb.footer(
      "  weir call files                          list its tools\n"
      "  weir call files.read_file path=a.txt     call one\n"
      "  weir call files.search tags:='[\"a\"]'     JSON as it stands\n"
      "  weir call files.search - < a.json        all arguments as one JSON object\n"
      "  weir call files --read file:///a.txt     read a resource");
  verb.add_option("TARGET", call.target, "SERVER, SERVER.TOOL or SERVER__TOOL")->required();
  verb.add_option("ARGUMENTS", call.words, "name=value, name:=JSON, or - alone: a JSON object on stdin");
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
  verb.footer(
      "  weir status\n  weir status --watch\n  weir status --json\n"
      "  weir status -q && echo all well");
  verb.add_flag("--json", status.json, "as JSON");
  verb.add_flag("-q,--quiet", status.quiet, "the exit code alone");
  verb.add_flag("-w,--watch", status.watch, "again every 2 s, until interrupted");
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
      "  weir ctl drop-tokens ann                       she is gone: so are her tokens at servers\n"
      "  weir ctl reload                                the configuration has changed");
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
  auto& reload = *verb.add_subcommand("reload", "read the configuration again, and say what came of it");
  reload.footer("  weir ctl reload\n  weir ctl reload --config weir.yaml");
  reload.add_flag("--json", ctl.json, "as JSON");
  add_gateway(reload, ctl.gateway);
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
  accept.footer(
      "  weir tools accept files read\n  weir tools accept files\n"
      "  weir tools accept files read --tenant acme   for callers of this tenant alone");
  accept.add_option("SERVER", tools.server, "whose")->required();
  accept.add_option("TOOL", tools.tool, "the tool, by the server's own name; default: all of them");
  accept.add_option("--tenant", tools.tenant, "for callers of this tenant; default: for everybody");
  add_gateway(accept, tools.gateway);
}

}  // namespace weir::app
