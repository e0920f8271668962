#include "app/log_options.hpp"

#include <unistd.h>

#include <cstdlib>

#include "secrets/secret_mask.hpp"

namespace weir::app {
namespace {

observe::Level level_of(std::string const& name) {
  if (name == "error") return observe::Level::error;
  if (name == "warn") return observe::Level::warn;
  return name == "debug" || name == "trace" ? observe::Level::debug : observe::Level::info;
}

observe::LogFormat format_of(std::string const& name) {
  if (name == "json") return observe::LogFormat::json;
  bool const terminal = ::isatty(STDERR_FILENO) != 0;
  if (name != "text" && !terminal) return observe::LogFormat::json;
  bool const colour = terminal && std::getenv("NO_COLOR") == nullptr;
  return colour ? observe::LogFormat::colour : observe::LogFormat::text;
}

observe::Mask mask_of(std::vector<base::Secret> const& known) {
  auto const mask = std::make_shared<secrets::SecretMask const>(known);
  if (mask->empty()) return {};
  return [mask](std::string& text) { mask->apply(text); };
}

}  // namespace

std::unique_ptr<observe::Log> make_log(config::Settings const& settings, base::Clock const& clock) {
  observe::Log::Options options;
  options.level = level_of(settings.log.level);
  options.format = format_of(settings.log.format);
  return std::make_unique<observe::Log>(options, clock, mask_of(settings.secrets));
}

void adjust_log(observe::Log& log, config::Settings const& now, RetiredSecrets const& retired) {
  log.reconfigure(level_of(now.log.level), mask_of(retired.together_with(now.secrets)));
}

void mask_status(core::ServerStatus& status, observe::Log const& log) {
  for (auto* const text : {&status.cause, &status.cure, &status.last_stderr}) log.mask(*text);
}

}  // namespace weir::app
