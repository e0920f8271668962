// weir: the command line. Each verb is a file of its own; what a verb may ask of the machine is in Environment.
#include <CLI/CLI.hpp>
#include <csignal>

#include "app/process_environment.hpp"
#include "app/run_command.hpp"
#include "app/version.hpp"
#include "upstream/child_supervisor.hpp"

int main(int argc, char** argv) {
  using namespace weir;
  if (argc > 1 && argv[1] == upstream::kSupervisorVerb) upstream::run_child_supervisor(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App cli{"Weir: every MCP server behind one URL", "weir"};
  cli.set_version_flag("--version", std::string(app::kVersion));
  cli.require_subcommand(1);
  app::RunRequest run;
  auto* const run_verb = cli.add_subcommand("run", "start the gateway");
  run_verb->add_option("FILE", run.file, "configuration file");
  run_verb->add_option("--from", run.from, "a client's file with MCP servers, e.g. .mcp.json");
  run_verb->add_option("--listen", run.listen, "address and port for clients");
  run_verb->add_option("--admin", run.admin, "address and port for status and metrics");
  run_verb->add_flag("--stdio", run.stdio, "serve one client on stdin and stdout");
  run_verb->add_flag("--trust", run.trust, "use a project's files without asking");
  run_verb->add_flag("--insecure", run.insecure, "allow a public address without authentication");
  run_verb->add_flag("-q,--quiet", run.quiet, "print no table");
  CLI11_PARSE(cli, argc, argv);

  auto environment = app::process_environment();
  return app::run_command(run, *environment);
}
