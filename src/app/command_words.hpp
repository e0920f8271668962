// The words of the command line: each command's options, and what they fill in.
//
// Functions that add a command to the parser, once each; `requests` outlives it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/call_command.hpp"
#include "app/chaos_command.hpp"
#include "app/check_command.hpp"
#include "app/ctl_command.hpp"
#include "app/run_command.hpp"
#include "app/secrets_command.hpp"
#include "app/server_command.hpp"
#include "app/status_command.hpp"
#include "app/tools_command.hpp"

namespace weir::app {

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

void add_colour(CLI::App& verb, std::string& colour);

// Those that read the configuration: command_words_files.cpp.
void add_run(CLI::App& cli, Requests& requests);
void add_check(CLI::App& cli, Requests& requests);
void add_server(CLI::App& cli, ServerRequest& server);
void add_chaos(CLI::App& cli, ChaosRequest& chaos);

// Those that ask a gateway which runs: command_words_running.cpp.
void add_call(CLI::App& cli, CallRequest& call);
void add_status(CLI::App& cli, Requests& requests);
void add_ctl(CLI::App& cli, CtlRequest& ctl);
void add_secrets(CLI::App& cli, SecretsRequest& secrets);
void add_tools(CLI::App& cli, ToolsRequest& tools);

}  // namespace weir::app
