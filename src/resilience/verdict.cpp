#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

using base::Fault;

constexpr int kInternalError = -32603;
constexpr int kInvalidRequest = -32600;
constexpr int kInvalidParams = -32602;
constexpr int kParseError = -32700;

bool broke(Fault fault) noexcept {
  return fault == Fault::timed_out || fault == Fault::unavailable || fault == Fault::connect_failed ||
         fault == Fault::connection_lost || fault == Fault::protocol;
}

}  // namespace

bool failed_server(base::Error const& error) noexcept {
  if (error.blame != base::Blame::upstream) return false;
  if (error.fault == Fault::throttled) return error.retry_after == base::Duration::zero();
  return broke(error.fault);
}

std::optional<Verdict> verdict_on_server(base::Result<core::Outcome> const& outcome) noexcept {
  if (!outcome) return failed_server(outcome.error()) ? std::optional(Verdict::failure) : std::nullopt;
  if (outcome->message.kind() != mcp::MessageKind::error) return Verdict::success;
  auto const code = outcome->message.integer(mcp::Field::error_code).value_or(kInternalError);
  if (code == kInternalError) return Verdict::failure;
  bool const request_is_wrong = (code >= kInvalidParams && code <= kInvalidRequest) || code == kParseError;
  return request_is_wrong ? std::nullopt : std::optional(Verdict::success);
}

}  // namespace weir::resilience
