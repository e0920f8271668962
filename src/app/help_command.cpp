#include "app/help_command.hpp"

#include <fmt/core.h>

#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "app/version.hpp"
#include "base/say.hpp"
#include "config/problem.hpp"

namespace weir::app {

int explain_code(std::string_view topic) {
  if (auto const* const found = config::explain(topic)) {
    fmt::print("{}\n\n{}\n", found->code, found->text);
    return kExitOk;
  }
  base::say("error: there is no command and no code `{}`\n  = codes are:", shown(topic));
  for (auto const& known : config::catalogue())
    base::say(" {}", known.code.substr(known.code.rfind('-') + 1));
  base::say("\n");
  return kExitUsage;
}

std::string version_text() {
  std::string text = fmt::format("weir {}", kVersion);
  if (!kSourceRevision.empty()) text += fmt::format(" ({})", kSourceRevision);
  return text;
}

int print_version(bool json) {
  if (json) {
    fmt::print("{{\"version\":1,\"weir\":\"{}\",\"revision\":\"{}\"}}\n", kVersion, kSourceRevision);
  } else {
    fmt::print("{}\n", version_text());
  }
  return kExitOk;
}

}  // namespace weir::app
