#include "edge/rate_field.hpp"

namespace weir::edge {
namespace {

std::string seconds_of(base::Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

void append_rate_fields(std::string& fields, core::RateFacts const& facts) {
  if (facts.quota == 0) return;
  fields.append(R"(RateLimit-Policy: "caller";q=)").append(std::to_string(facts.quota));
  fields.append(";w=").append(seconds_of(facts.window));
  fields
      .append(
          "\r\n"
          R"(RateLimit: "caller";r=)")
      .append(std::to_string(facts.remaining));
  fields.append(";t=").append(seconds_of(facts.full_in)).append("\r\n");
}

}  // namespace weir::edge
