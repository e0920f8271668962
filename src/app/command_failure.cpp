#include "app/command_failure.hpp"

#include <fmt/core.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "app/exit_codes.hpp"
#include "base/say.hpp"

namespace weir::app {

int fail(int code, std::string const& what, std::string const& fix) {
  base::say("error: {}\n", what);
  if (!fix.empty()) base::say("  = fix: {}\n", fix);
  return code;
}

base::Error key_wanted(std::string const& gateway, bool keyed) {
  base::Error error(base::Fault::denied, base::Blame::client,
                    gateway + (keyed ? " does not take the key in WEIR_KEY" : " wants a key"));
  return std::move(error).advise(keyed ? "export WEIR_KEY=… with one that it takes" : "export WEIR_KEY=…");
}

int unheard(net::Url const& admin, base::Result<GatewayAnswer> const& answer) {
  if (!answer) {
    return fail(kExitUnavailable,
                fmt::format("no gateway answers at {}: {}", admin.authority, answer.error().detail),
                "start one with `weir run`, or say where it is: --admin HOST:PORT or --config FILE");
  }
  if (answer->status != 401 && answer->status != 403) return kExitOk;
  auto const wanted = key_wanted("the gateway at " + admin.authority, answer->keyed);
  return fail(kExitDenied, wanted.detail, wanted.hint);
}

int foreign(net::Url const& admin) {
  return fail(kExitUnavailable, fmt::format("something else answers at {}", admin.authority));
}

int written(std::FILE* out, int code) {
  errno = 0;
  bool const flushed = std::fflush(out) == 0;
  int const error = errno;
  if (flushed && std::ferror(out) == 0) return code;
  pollfd reader{::fileno(out), POLLOUT, 0};
  if (::poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR) != 0) return kExitCannotWrite;
  return fail(kExitCannotWrite, flushed || error == 0 ? "the output could not be written"
                                                      : fmt::format("the output could not be written: {}",
                                                                    std::strerror(error)));
}

}  // namespace weir::app
