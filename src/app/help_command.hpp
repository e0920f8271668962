// `weir help CODE` and `weir version`: what is known without a gateway and without the internet.
//
// Pure but for what they print to stdout. Exit codes: 0, 64 (no such code).
#pragma once

#include <string>
#include <string_view>

namespace weir::app {

int explain_code(std::string_view topic);  // "E012", "WEIR-E012"
std::string version_text();                // "weir 0.1.0 (revision)"
int print_version(bool json);

}  // namespace weir::app
