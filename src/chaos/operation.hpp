// Operation: one kind of call that a run makes over and over, and how to find those that harm nobody.
//
// reads_of() takes a server's own lists: every resource, prompts without required arguments, and the tools
// that say they only read (readOnlyHint) and need no argument. Nothing else is called unless a person names
// it. Pure functions, any thread. Bounds: kReadsMax a server, so that a long list does not become one call
// each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "mcp/method.hpp"
#include "mcp/param_headers.hpp"

namespace weir::chaos {

struct Operation {
  std::string server;
  mcp::Method method = mcp::Method::unknown;
  std::string target;  // name or URI in the params; "" where there is none
  std::string params;  // a JSON object without `_meta`
  std::vector<mcp::ParamHeader> mirrored = {};
  base::Duration deadline = std::chrono::seconds{5};
};

inline constexpr std::size_t kReadsMax = 20;

// Appends what one result of tools/list, resources/list or prompts/list offers.
void append_reads(std::vector<Operation>& out, std::string const& server, mcp::Method list,
                  std::string_view result);

Operation tool_call(std::string const& server, std::string_view tool, std::string_view arguments,
                    std::string_view input_schema = "{}");

// The inputSchema of the tool in a result of tools/list; "" if it is not there.
std::string schema_of(std::string_view result, std::string_view tool);

// The URI that the first contents of a resources/read result name; "" without any.
std::string resource_of(std::string_view result);

}  // namespace weir::chaos
