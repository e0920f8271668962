#include "edge/degraded_field.hpp"

namespace weir::edge {

using core::Substitute;

std::string_view word_of(Substitute by) noexcept {
  switch (by) {
    case Substitute::none: break;
    case Substitute::stale: return "stale";
    case Substitute::server: return "server";
    case Substitute::backup: return "backup";
    case Substitute::standard: return "default";
  }
  return {};
}

void append_degraded_field(std::string& fields, core::DegradedFacts const& facts) {
  if (facts.by == Substitute::none) return;
  fields.append("Weir-Degraded: ").append(word_of(facts.by)).append("; reason=").append(facts.reason);
  if (facts.age > base::Duration::zero()) {
    auto const age = std::chrono::duration_cast<std::chrono::seconds>(facts.age).count();
    fields.append("; age=").append(std::to_string(age));
  }
  if (!facts.server.empty()) fields.append("; server=").append(facts.server);
  fields += "\r\n";
}

}  // namespace weir::edge
