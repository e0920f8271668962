#include "router/task_ids.hpp"

#include <utility>

#include "mcp/json_text.hpp"

namespace weir::router {
namespace {

using mcp::Field;

constexpr char kBetween = '\0';  // in no server's name

std::string context_of(core::Call const& call) {
  return "task " + (call.principal != nullptr ? call.principal->id : std::string());
}

bool names_task(core::Call const& call, mcp::Message const& result) {
  if (!result.has(Field::task_id)) return false;
  if (mcp::traits_of(call.method).routed_by == mcp::RoutedBy::task_id) return true;
  std::string scratch;
  return result.text(Field::result_type, scratch) == "task";
}

}  // namespace

std::optional<OwnTask> open_task(Sealer const& sealer, core::Call const& call, std::string_view shown) {
  auto const payload = sealer.open(context_of(call), shown);
  auto const end = payload ? payload->find(kBetween) : std::string::npos;
  if (end == std::string::npos) return std::nullopt;
  return OwnTask{payload->substr(0, end), payload->substr(end + 1)};
}

base::Result<core::Outcome> with_shown_task(Sealer const& sealer, core::Call const& call,
                                            core::Outcome outcome) {
  auto const& message = outcome.message;
  if (!names_task(call, message)) return outcome;
  std::string scratch;
  auto const own = message.text(Field::task_id, scratch);
  if (own.empty() || own.size() > OwnTask::kOwnBytesMax) {
    return base::Error(base::Fault::protocol, base::Blame::upstream, "a taskId that cannot be passed on")
        .about(std::string(call.facts.server));
  }
  auto const payload = std::string(call.facts.server).append(1, kBetween).append(own);
  outcome.edits.replace_owned(message.span(Field::task_id),
                              '"' + sealer.seal(context_of(call), payload) + '"');
  return outcome;
}

}  // namespace weir::router
