#include "app/colour.hpp"

#include <fmt/core.h>

namespace weir::app {

bool wants_colour(std::string_view choice, bool on_terminal, config::Environment const& environment) {
  if (choice == "always") return true;
  auto const set = [&](std::string_view name) {
    auto const value = environment.variable(name);
    return value && !value->empty();
  };
  if (choice == "never" || set("NO_COLOR")) return false;
  if (set("CLICOLOR_FORCE") && environment.variable("CLICOLOR_FORCE") != "0") return true;
  return on_terminal && environment.variable("TERM") != "dumb";
}

std::string painted(std::string_view text, char const* style, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
}

}  // namespace weir::app
