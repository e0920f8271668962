// Mcp-Param-* headers of a tool: which arguments its inputSchema wants mirrored, and their values
// (P032–P034).
//
// read_param_headers runs when a catalogue is read; its result is kept with the tool. The rest runs per call
// and scans `arguments` once per header. Pure functions, any thread. Limits: kParamHeadersMax annotations a
// tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::mcp {

inline constexpr std::size_t kParamHeadersMax = 32;

enum class ParamType : std::uint8_t { string, integer, boolean };

struct ParamHeader {
  std::string suffix;             // the header is Mcp-Param-<suffix>; an RFC 9110 token
  std::vector<std::string> path;  // property names from the root of `arguments`, at least one
  ParamType type = ParamType::string;
};

// The annotations of an inputSchema (a JSON object, UTF-8), in the order of the text. An Error says why the
// tool is invalid: its detail is one sentence for the log (P033).
base::Result<std::vector<ParamHeader>> read_param_headers(std::string_view input_schema);

// The argument's text, not yet encoded for a header: a string's text, an integer in canonical form, true or
// false. A scalar of another type than declared is rendered all the same: the tool refuses it, not the header
// check. `arguments` is a token that decode() has passed, or empty. No value if it is absent or null at that
// path. Error invalid_input if it has no text (a container, half a surrogate pair) or a key on the path
// appears twice.
base::Result<std::optional<std::string>> param_text(ParamHeader const& header, std::string_view arguments);

// Whether a received header (no value: absent) says what `arguments` say; integers compare as numbers (P034).
bool param_matches(ParamHeader const& header, std::string_view arguments,
                   std::optional<std::string_view> received);

}  // namespace weir::mcp
