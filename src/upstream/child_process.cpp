#include "upstream/child_process.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace weir::upstream {

namespace {

std::string_view words_of_folder(int error) {
  if (error == ENOENT) return "does not exist";
  if (error == ENOTDIR) return "is not a folder";
  if (error == EACCES) return "may not be entered by this user";
  return {};
}

}  // namespace

std::string describe(ExitStatus const& status, ChildCommand const& command) {
  if (status.folder_errno != 0) {
    auto const& folder = command.working_directory;
    auto const words = words_of_folder(status.folder_errno);
    if (!words.empty()) return fmt::format("its folder {} (`cwd`) {}", folder, words);
    return fmt::format("its folder {} (`cwd`) cannot be entered: {}", folder,
                       ::strerrordesc_np(status.folder_errno));
  }
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
