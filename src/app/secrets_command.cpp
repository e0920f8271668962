#include "app/secrets_command.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/secret_status.hpp"
#include "app/shown_text.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};

int rotate(SecretsRequest const& request, std::vector<SecretLine> const& all) {
  std::vector<SecretLine> chosen;
  for (auto const& line : all) {
    bool const wanted = request.reference.empty() ? !line.good() : line.reference == request.reference;
    if (wanted) chosen.push_back(line);
  }
  if (chosen.empty() && !request.reference.empty()) {
    return fail(kExitUsage, fmt::format("no secret `{}` is in use", shown(request.reference)),
                "`weir secrets` lists them");
  }
  if (chosen.empty()) fmt::print("nothing is due; name a secret to see how it is replaced\n");
  fmt::print("{}", render_rotation(chosen));
  return chosen.empty() ? kExitOk : kExitBad;
}

}  // namespace

int secrets_command(SecretsRequest const& request, config::Environment const& environment) {
  GatewayAddress address;
  if (int const unknown = find_gateway(request.gateway, environment, address)) return unknown;
  auto const& admin = address.admin;
  auto const answer = get_from(admin, "/api/v1/secrets", gateway_key(environment), kWithin);
  if (int const code = unheard(admin, answer)) return code;
  auto const lines = read_secrets(answer->body);
  if (answer->status != 200 || !lines) return foreign(admin);
  if (request.rotate) return rotate(request, *lines);
  fmt::print("{}", request.json ? answer->body : render_secrets(*lines));
  bool const good =
      std::all_of(lines->begin(), lines->end(), [](SecretLine const& line) { return line.good(); });
  return good ? kExitOk : kExitBad;
}

}  // namespace weir::app
