#include "app/status_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "app/colour.hpp"
#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/status_view.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};

}  // namespace

int status_command(StatusRequest const& request, config::Environment const& environment) {
  auto const address = gateway_address(request.gateway, environment);
  if (!address) return fail(kExitUsage, address.error().detail);
  auto const answer = get_from(address->admin, "/api/v1/status", gateway_key(environment), kWithin);
  if (int const code = unheard(address->admin, answer)) return code;
  auto const status = read_status(answer->body);
  if (answer->status != 200 || !status) return foreign(address->admin);
  if (request.json) {
    fmt::print("{}", answer->body);
  } else if (!request.quiet) {
    bool const colour = wants_colour(request.colour, ::isatty(STDOUT_FILENO) != 0, environment);
    fmt::print("{}", render_status(*status, colour));
  }
  return status->good() ? kExitOk : kExitBad;
}

}  // namespace weir::app
