#include "app/secrets_command.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/exit_codes.hpp"
#include "app/gateway_client.hpp"
#include "app/secret_status.hpp"
#include "app/shown_text.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};

int fail(int code, std::string const& what, std::string const& fix) {
  fmt::print(stderr, "error: {}\n", what);
  if (!fix.empty()) fmt::print(stderr, "  = fix: {}\n", fix);
  return code;
}

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
  auto const address = gateway_address(request.gateway, environment);
  if (!address) return fail(kExitUsage, address.error().detail, "");
  auto const& admin = address->admin;
  auto const answer = get_from(admin, "/api/v1/secrets", gateway_key(environment), kWithin);
  if (!answer) {
    return fail(kExitUnavailable,
                fmt::format("no gateway answers at {}: {}", admin.authority, answer.error().detail),
                "start one with `weir run`, or say where it is: --admin HOST:PORT or --config FILE");
  }
  if (answer->status == 401 || answer->status == 403) {
    return fail(kExitDenied, fmt::format("the gateway at {} wants a key", admin.authority),
                "export WEIR_KEY=…");
  }
  auto const lines = read_secrets(answer->body);
  if (answer->status != 200 || !lines) {
    return fail(kExitUnavailable, fmt::format("something else answers at {}", admin.authority), "");
  }
  if (request.rotate) return rotate(request, *lines);
  fmt::print("{}", request.json ? answer->body : render_secrets(*lines));
  bool const good =
      std::all_of(lines->begin(), lines->end(), [](SecretLine const& line) { return line.good(); });
  return good ? kExitOk : kExitBad;
}

}  // namespace weir::app
