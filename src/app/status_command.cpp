#include "app/status_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "app/colour.hpp"
#include "app/exit_codes.hpp"
#include "app/gateway_client.hpp"
#include "app/status_view.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};

int no_gateway(net::Url const& admin, std::string const& why) {
  fmt::print(stderr,
             "error: no gateway answers at {}: {}\n"
             "  = fix: start one with `weir run`, or say where it is: --admin HOST:PORT or --config FILE\n",
             admin.authority, why);
  return kExitUnavailable;
}

}  // namespace

int status_command(StatusRequest const& request, config::Environment const& environment) {
  auto const address = gateway_address(request.gateway, environment);
  if (!address) {
    fmt::print(stderr, "error: {}\n", address.error().detail);
    return kExitUsage;
  }
  auto const answer = get_from(address->admin, "/api/v1/status", gateway_key(environment), kWithin);
  if (!answer) return no_gateway(address->admin, answer.error().detail);
  if (answer->status == 401 || answer->status == 403) {
    fmt::print(stderr, "error: the gateway at {} wants a key\n  = fix: export WEIR_KEY=…\n",
               address->admin.authority);
    return kExitDenied;
  }
  auto const status = read_status(answer->body);
  if (answer->status != 200 || !status) return no_gateway(address->admin, "something else answers there");
  if (request.json) {
    fmt::print("{}", answer->body);
  } else if (!request.quiet) {
    bool const colour = wants_colour(request.colour, ::isatty(STDOUT_FILENO) != 0, environment);
    fmt::print("{}", render_status(*status, colour));
  }
  return status->good() ? kExitOk : kExitBad;
}

}  // namespace weir::app
