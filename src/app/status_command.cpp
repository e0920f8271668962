#include "app/status_command.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "app/colour.hpp"
#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/status_view.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};
constexpr int kBetweenLooksMs = 2000;

struct Look {
  int code = kExitOk;
  std::string text;  // "" where the gateway has not answered, which has been said
};

Look look_at(net::Url const& admin, StatusRequest const& request, config::Environment const& environment) {
  auto const answer = get_from(admin, "/api/v1/status", gateway_key(environment), kWithin);
  if (int const code = unheard(admin, answer)) return {code, {}};
  auto const status = read_status(answer->body);
  if (answer->status != 200 || !status) return {foreign(admin), {}};
  bool const colour = wants_colour(request.colour, ::isatty(STDOUT_FILENO) != 0, environment);
  return {status->good() ? kExitOk : kExitBad, request.json ? answer->body : render_status(*status, colour)};
}

// A gateway that is away for a while does not end it: that may be what somebody watches for.
int watch(net::Url const& admin, StatusRequest const& request, config::Environment const& environment) {
  bool const terminal = ::isatty(STDOUT_FILENO) != 0;
  for (bool first = true;; first = false) {
    auto const look = look_at(admin, request, environment);
    if (first && look.text.empty()) return look.code;
    if (!look.text.empty()) fmt::print("{}", watched(look.text, first, terminal));
    if (std::fflush(stdout) != 0) return look.code;
    ::poll(nullptr, 0, kBetweenLooksMs);
  }
}

}  // namespace

std::string watched(std::string const& look, bool first, bool terminal) {
  constexpr auto kClear = "\x1b[H\x1b[2J";
  if (terminal) return kClear + look;
  return first ? look : "\n" + look;
}

int status_command(StatusRequest const& request, config::Environment const& environment) {
  GatewayAddress address;
  if (int const unknown = find_gateway(request.gateway, environment, address)) return unknown;
  if (request.watch && request.quiet)
    return fail(kExitUsage, "--quiet shows nothing that could be watched", "leave out one of the two");
  if (request.watch) return watch(address.admin, request, environment);
  auto const look = look_at(address.admin, request, environment);
  if (!request.quiet) fmt::print("{}", look.text);
  return look.code;
}

}  // namespace weir::app
