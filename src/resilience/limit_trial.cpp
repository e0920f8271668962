#include "resilience/limit_trial.hpp"

namespace weir::resilience {
namespace {

constexpr double kShare = 0.5;          // of the answers that the places would mean if each gave as many
constexpr double kRefusedSlack = 0.15;  // of the rate of answers
constexpr double kSame = 0.85;

}  // namespace

bool LimitTrial::worth_it(CallRates::OfTwo const& after, double limit_now) const noexcept {
  double const change = 1 + kShare * (limit_now / limit - 1);
  double const slack = kRefusedSlack * before.ended_low;
  if (kind == Kind::more) {
    if (after.ended_high >= before.ended_high * change) return true;
    return after.ended_high >= kSame * before.ended_low &&
           refused_more(before.refused_low, after.refused_high, slack, after.seconds);
  }
  if (after.ended_high < before.ended_low * change) return false;
  return kind == Kind::must || !refused_more(after.refused_low, before.refused_high, slack, after.seconds);
}

}  // namespace weir::resilience
