#include "upstream/child_process.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>

namespace weir::upstream {

std::string describe(ExitStatus const& status, ChildCommand const& command) {
  if (status.exec_errno != 0) {
    auto const program = command.argv.empty() ? std::string() : command.argv.front();
    if (status.exec_errno == ENOENT) return fmt::format("exit 127: {}: not found", program);
    return fmt::format("exit 126: {}: {}", program, ::strerrordesc_np(status.exec_errno));
  }
  if (status.signal != 0) {
    auto const* const words = ::sigdescr_np(status.signal);
    return fmt::format("signal {} ({})", status.signal, words != nullptr ? words : "unknown");
  }
  return fmt::format("exit {}", status.code);
}

}  // namespace weir::upstream
