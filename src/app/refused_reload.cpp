#include "app/refused_reload.hpp"

#include <fmt/core.h>

#include "app/shown_text.hpp"

namespace weir::app {

std::string refusal_of(std::span<config::Problem const> problems) {
  constexpr std::size_t kShownMax = 10;
  std::string out = "it has errors";
  std::size_t count = 0;
  for (auto const& problem : problems) {
    if (problem.severity != config::Severity::error || problem.confined) continue;
    if (++count > kShownMax) continue;
    out += count == 1 ? ": " : "; ";
    auto const& mark = problem.mark;
    if (mark.source != nullptr && mark.line != 0)
      out += fmt::format("{}:{}:{}: ", shown(mark.source->name), mark.line, config::shown_column(mark));
    out += fmt::format("{} ({})", shown(problem.message), problem.code);
  }
  if (count > kShownMax) out += fmt::format("; and {} more", count - kShownMax);
  return out;
}

}  // namespace weir::app
