#include "limits/limits_layer.hpp"

#include <fmt/format.h>

#include <utility>

namespace weir::limits {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

base::Task<base::Result<core::Outcome>> refuse(Error error) { co_return error; }

bool is_free(core::Call const& call) noexcept {
  return call.method == mcp::Method::ping || call.method == mcp::Method::tasks_cancel ||
         mcp::traits_of(call.method).notification;
}

std::string advice(RateVerdict const& verdict) {
  auto const wait = std::chrono::ceil<std::chrono::seconds>(verdict.retry_after).count();
  switch (verdict.refused) {
    case RateReason::daily:
      return fmt::format("Today's calls are used up: the next day begins in {} s (UTC).", wait);
    case RateReason::global_rate:
      return fmt::format("All callers together ask for more than Weir may do: try again in {} s.", wait);
    default:
      return fmt::format("You may make {} calls in a row: try again in {} s, and more slowly.",
                         verdict.principal.quota, wait);
  }
}

}  // namespace

base::Task<base::Result<core::Outcome>> LimitsLayer::handle(core::Call& call) {
  if (is_free(call)) return inner_->handle(call);
  if (overload_.refuses(core::standing_of(call))) {
    return refuse(
        Error(Fault::busy, Blame::gateway, "shed: the process has too much to do", base::Retry::always)
            .advise("Weir has too much to do: try again in a moment, with fewer calls at once.")
            .again_in(std::chrono::seconds{1}));
  }
  if (rates_.active()) {
    if (auto error = too_fast(call)) return refuse(std::move(*error));
  }
  return inner_->handle(call);
}

std::optional<Error> LimitsLayer::too_fast(core::Call& call) {
  auto const verdict = rates_.ask(call.principal->id, scheduler_.now(), scheduler_.clock().wall());
  auto const& bucket = verdict.principal;
  call.facts.rate = {bucket.quota, bucket.remaining, bucket.full_in, bucket.window};
  if (verdict.refused == RateReason::none) return std::nullopt;
  auto const reason = name_of(verdict.refused);
  counted_.of(call.principal->kind).add(reason);
  auto const blame = verdict.refused == RateReason::global_rate ? Blame::gateway : Blame::client;
  return Error(Fault::limited, blame, "over the limit: " + std::string(reason), base::Retry::always)
      .advise(advice(verdict))
      .again_in(verdict.retry_after);
}

}  // namespace weir::limits
