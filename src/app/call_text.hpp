// What `weir call` prints, and the exit code it ends with. Pure.
//
// Texts of tools come out as they are; whoever prints them to a terminal makes them safe first. Other
// contents become one line that says what they are; --json has them whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/status_view.hpp"
#include "mcp/message.hpp"

namespace weir::app {

struct ToolLine {
  std::string name;
  std::string description;
  std::string input_schema;  // JSON
};

// The tools of one tools/list result.
std::vector<ToolLine> read_tools(std::string_view result_json);
std::string render_tools(std::vector<ToolLine> const& tools);

// The name that was probably meant; "" if none is near.
std::string_view meant_by(std::string_view name, std::vector<std::string_view> const& known);

std::string content_text(std::string_view result_json);   // of tools/call
std::string resource_text(std::string_view result_json);  // of resources/read
std::string prompt_text(std::string_view result_json);    // of prompts/get

// What the gateway's status knows of why `server` did not do it: its cause and last words, or its breaker's
// reason, each line indented as a note below an error. "" if nothing is known against it.
std::string why_not(ServerView const& server);

// "error: …" with its hint, for an error answer.
std::string error_text(mcp::Message const& answer);
int exit_code_of(mcp::Message const& answer);
// That the gateway itself knows no such tool.
bool says_unknown_tool(mcp::Message const& answer);

}  // namespace weir::app
