#include "app/command_failure.hpp"

#include <fmt/core.h>

#include "app/exit_codes.hpp"

namespace weir::app {

int fail(int code, std::string const& what, std::string const& fix) {
  fmt::print(stderr, "error: {}\n", what);
  if (!fix.empty()) fmt::print(stderr, "  = fix: {}\n", fix);
  return code;
}

int unheard(net::Url const& admin, base::Result<GatewayAnswer> const& answer) {
  if (!answer) {
    return fail(kExitUnavailable,
                fmt::format("no gateway answers at {}: {}", admin.authority, answer.error().detail),
                "start one with `weir run`, or say where it is: --admin HOST:PORT or --config FILE");
  }
  if (answer->status != 401 && answer->status != 403) return kExitOk;
  return fail(kExitDenied, fmt::format("the gateway at {} wants a key", admin.authority),
              "export WEIR_KEY=…");
}

int foreign(net::Url const& admin) {
  return fail(kExitUnavailable, fmt::format("something else answers at {}", admin.authority));
}

}  // namespace weir::app
