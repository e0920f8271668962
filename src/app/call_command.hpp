// `weir call`: lists a server's tools, calls one, reads a resource or gets a prompt, all through the running
// gateway. Whether the server can do it is the gateway's to say, which may have a kept answer, another server
// or a restart for one that is down; its status is asked for the way to MCP, and when it could not be done.
//
// Exit codes: 0; 1 (the tool says it failed); 64 (no such server or tool); 65 (bad arguments); 66 (stdin
// cannot be read); 69 (no gateway, or the server is not available); 75 (busy, starting or too slow); 77 (it
// wants a key, or another one: $WEIR_KEY; or the tool is withheld, or not for this caller).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/gateway_address.hpp"

namespace weir::app {

struct CallRequest {
  AddressRequest gateway;
  std::string target;              // as target_of() reads it
  std::vector<std::string> words;  // k=v, or "-" alone for stdin
  std::string args;                // a JSON object, or "-" for stdin
  std::string read;                // a resource's URI
  std::string prompt;
  bool schema = false;    // the tool's input schema instead of a call
  bool json = false;      // the result as it came
  bool no_cache = false;  // ask the server, whatever is kept
};

// invalid_input where `request` has arguments that nothing would take, with what was probably meant: `weir
// call files read` is `weir call files.read`.
base::Result<void> arguments_have_a_use(CallRequest const& request);

// Why no connection to the gateway at `where` came about, and what to do; `why` is what dialing it said.
base::Error not_reached(std::string const& where, base::Error const& why);

// What is said where nothing is listed; `suspects`: of the server's tools.
std::string no_tools_text(std::string_view server, std::uint64_t suspects);

int call_command(CallRequest const& request, config::Environment const& environment);

}  // namespace weir::app
