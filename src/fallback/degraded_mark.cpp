#include "fallback/degraded_mark.hpp"

#include "mcp/json_text.hpp"

namespace weir::fallback {

using core::Substitute;
using mcp::Field;

namespace {

std::string_view source_of(Substitute source) noexcept {
  return source == Substitute::standard ? std::string_view("default") : mode_of(source);
}

}  // namespace

std::string_view mode_of(Substitute source) noexcept {
  switch (source) {
    case Substitute::none: break;
    case Substitute::stale: return "stale";
    case Substitute::server: return "server";
    case Substitute::backup: return "backup";
    case Substitute::standard: return "standard";
  }
  return {};
}

std::string json_of(DegradedMark const& mark) {
  std::string json = R"({"source":")";
  json.append(source_of(mark.source)).append(R"(","reason":")").append(mark.reason).append(R"(")");
  if (mark.age > base::Duration::zero()) {
    auto const age = std::chrono::duration_cast<std::chrono::seconds>(mark.age).count();
    json.append(R"(,"ageSeconds":)").append(std::to_string(age));
  }
  json += R"(,"server":)";
  mcp::append_json_string(json, mark.server);
  json += '}';
  return json;
}

void mark_degraded(core::Outcome& outcome, DegradedMark const& mark) {
  if (outcome.message.kind() != mcp::MessageKind::result) return;
  if (!outcome.edits.empty()) {  // whose edits may have made a `_meta`
    std::string text;
    text.reserve(outcome.edits.size());
    outcome.edits.append_to(text);
    outcome = core::from_message(std::move(text));
  }
  auto const& message = outcome.message;
  auto const json = json_of(mark);
  if (message.is(Field::meta, mcp::JsonKind::object)) {
    outcome.edits.insert_member(message.span(Field::meta), kDegradedKey, json);
  } else {
    outcome.edits.insert_member(message.span(Field::result), "_meta",
                                std::string("{\"").append(kDegradedKey).append("\":").append(json) + '}');
  }
}

}  // namespace weir::fallback
